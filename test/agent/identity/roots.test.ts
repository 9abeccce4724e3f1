import { type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { istiodTrust } from '../../../src/agent/identity/istiod-trust.ts';
import { judgeRoots, parseCertificates, type ServedBy } from '../../../src/agent/identity/roots.ts';
import { rootBundle } from '../../../src/mesh/current/root-bundle.ts';
import { aRoot, intermediate, servingCertificate, workloadCertificate } from './certificates.ts';

const OLD = aRoot();
const NEW = aRoot();
const chain = workloadCertificate(OLD).cert;

describe('the roots of a VM', () => {
  const judged = (served: ServedBy, own: string, offered: string, sidecar = chain) =>
    judgeRoots({
      served,
      own: parseCertificates(own),
      offered: parseCertificates(offered),
      chain: parseCertificates(sidecar),
    });
  const both = `${NEW.cert}${OLD.cert}`;

  test('are left alone while the cluster has the same, or fewer', () => {
    expect(judged('own', OLD.cert, OLD.cert)).toBe('complete');
    expect(judged('own', both, NEW.cert)).toBe('complete');
    expect(judged('own', OLD.cert, '')).toBe('complete');
  });

  test('wait for the next certificate while istiod does not use the further root', () => {
    expect(judged('own', OLD.cert, both)).toBe('awaits');
  });

  test('are replaced when istiod uses one that only the API server vouches for', () => {
    expect(judged('offered', OLD.cert, both)).toBe('replace');
    expect(judged('offered', OLD.cert, both, '')).toBe('replace');
  });

  test('need another certificate when that of the sidecar is of a root that is gone', () => {
    expect(judged('offered', OLD.cert, NEW.cert)).toBe('reissue');
    // An earlier replacement did not come to its end.
    expect(judged('own', NEW.cert, NEW.cert)).toBe('reissue');
  });

  test('are unknown when nothing vouches for istiod, whatever else is true', () => {
    expect(judged('neither', OLD.cert, NEW.cert)).toBe('unknown');
    expect(judged('neither', both, both)).toBe('unknown');
  });

  test('vouch for a certificate through an intermediate, wherever it is in the chain', () => {
    const middle = intermediate(OLD);
    const leaf = workloadCertificate(middle).cert;
    expect(judged('own', OLD.cert, OLD.cert, `${leaf}${NEW.cert}${middle.cert}`)).toBe('complete');
    expect(judged('own', OLD.cert, OLD.cert, leaf)).toBe('reissue');
  });

  test('are no more than 32, and each a certificate', () => {
    const many = Array.from({ length: 33 }, (_, index) => OLD.cert.replace('MII', `MII${index}`)).join('');
    expect(() => parseCertificates(many)).toThrow('more than 32');
    expect(() => parseCertificates(OLD.cert.replace('MII', 'AAA'))).toThrow();
  });

  test('are written as pilot-agent writes them: each once, sorted', () => {
    const [first = '', second = ''] = [OLD.cert.trim(), NEW.cert.trim()].sort();
    expect(rootBundle(`${second}\r\n${first}\n${second}\n`)).toBe(`${first}\n${second}`);
  });
});

describe('a handshake with istiod', () => {
  const servers: Server[] = [];
  const { signal } = new AbortController();
  const serve = async (pair: { readonly cert: string; readonly key: string }): Promise<string> => {
    const server = createServer({ ...pair, ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: false });
    servers.push(server);
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `localhost:${(server.address() as AddressInfo).port}`;
  };
  let istiod: string;
  beforeAll(async () => {
    istiod = await serve(servingCertificate(OLD));
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  test('succeeds with its root, alone or among others', async () => {
    expect(await istiodTrust({ istiod, roots: OLD.cert, signal })).toBe('trusted');
    expect(await istiodTrust({ istiod, roots: `${NEW.cert}${OLD.cert}`, signal })).toBe('trusted');
  });

  test('fails with another root of the same subject, and without any', async () => {
    expect(await istiodTrust({ istiod, roots: NEW.cert, signal })).toBe('untrusted');
    expect(await istiodTrust({ istiod, roots: '', signal })).toBe('untrusted');
    expect(await istiodTrust({ istiod, roots: 'no certificate', signal })).toBe('untrusted');
  });

  test('is undecided when another name, or no one, answers', async () => {
    const other = istiod.replace('localhost', '127.0.0.1');
    expect(await istiodTrust({ istiod: other, roots: OLD.cert, signal })).toMatchObject({
      reason: expect.stringContaining('altnames'),
    });
    expect(await istiodTrust({ istiod: 'localhost:1', roots: OLD.cert, signal })).toMatchObject({
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await istiodTrust({ istiod: 'istiod', roots: OLD.cert, signal })).toMatchObject({
      reason: expect.stringContaining('HOST:PORT'),
    });
  });
});
