import { writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createServer, type Server } from 'node:tls';
import { rootsMain } from '../../src/agent/roots-main.ts';
import { formatAgentSettings } from '../../src/agent/settings.ts';
import { rootBundle } from '../../src/mesh/current/root-bundle.ts';
import { selfSigned } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { aRoot, servingCertificate, workloadCertificate } from './identity/certificates.ts';
import { aToken } from './report/support.ts';

const OLD = aRoot();
const NEW = aRoot();

async function run(words: readonly string[], stdin: string) {
  const out = { printed: '', complained: '' };
  const code = await rootsMain(words, {
    stdin: Readable.from([stdin]),
    print: (text) => (out.printed += text),
    complain: (text) => (out.complained += text),
  });
  return { code, ...out };
}

describe('fetch', () => {
  const tls = selfSigned();
  const token = aToken(new Date(), 3600);
  const configMap = (text: string) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio-ca-root-cert', namespace: 'vm' } },
    data: { 'root-cert.pem': text },
  });
  async function fetched(text: string, { ca = tls.cert, given = token } = {}) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vm' } };
    await using server = await FakeApiServer.start({ tls, token, objects: [namespace, configMap(text)] });
    const mesh = { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-x', address: '10.150.0.5', network: '' };
    const settings = { generation: 1, observe: false, machine: 'a'.repeat(64), mesh, ports: {} };
    const file = join(temporaryFolder(), 'agent.yaml');
    writeFileSync(file, formatAgentSettings({ ...settings, api: [{ server: server.url, ca }] }));
    return await run(['fetch', '--settings', file], `${given}\n`);
  }

  test('prints the roots that the API server has', async () => {
    const both = `${NEW.cert}${OLD.cert}`;
    expect(await fetched(both)).toEqual({ code: 0, printed: rootBundle(both), complained: '' });
  });

  test('prints nothing from an API server of another authority than that of the join', async () => {
    expect(await fetched(NEW.cert, { ca: selfSigned().cert })).toMatchObject({ code: 1, printed: '' });
  });

  test('prints nothing with a token that the API server does not accept', async () => {
    expect(await fetched(NEW.cert, { given: aToken(new Date(), 60, 'other') })).toMatchObject({ code: 1, printed: '' });
  });

  test.each([
    ['no certificate', 'hello'],
    ['one that is no authority', workloadCertificate(NEW).cert],
    ['one that cannot be read', NEW.cert.replace('MII', 'AAA')],
  ])('prints nothing for %s', async (_, text) => {
    expect(await fetched(text)).toMatchObject({ code: 1, printed: '' });
  });
});

describe('judge', () => {
  let istiod: Server;
  let address: string;
  beforeAll(async () => {
    istiod = createServer({ ...servingCertificate(NEW), ALPNProtocols: ['h2'] });
    istiod.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => istiod.listen(0, '127.0.0.1', resolve));
    address = `localhost:${(istiod.address() as AddressInfo).port}`;
  });
  afterAll(() => void istiod.close());

  async function judged(own: string, offered: string, chain = workloadCertificate(OLD).cert): Promise<string> {
    const certs = temporaryFolder();
    writeFileSync(join(certs, 'root-cert.pem'), own);
    if (chain !== '') writeFileSync(join(certs, 'cert-chain.pem'), chain);
    return (await run(['judge', '--istiod', address, '--certs', certs], offered)).printed;
  }

  test('an istiod with a new root', async () => {
    expect(await judged(OLD.cert, `${OLD.cert}${NEW.cert}`)).toBe('replace');
    expect(await judged(OLD.cert, NEW.cert)).toBe('reissue');
    expect(await judged(OLD.cert, '')).toBe('unknown');
    expect(await judged(OLD.cert, OLD.cert)).toBe('unknown');
    expect(await judged(NEW.cert, NEW.cert)).toBe('reissue');
    expect(await judged(NEW.cert, NEW.cert, '')).toBe('complete');
  });

  test('an istiod that does not answer', async () => {
    const certs = temporaryFolder();
    writeFileSync(join(certs, 'root-cert.pem'), OLD.cert);
    const away = await run(['judge', '--istiod', 'localhost:1', '--certs', certs], OLD.cert);
    expect(away.printed).toMatch(/^unreachable .*ECONNREFUSED/);
  });
});
