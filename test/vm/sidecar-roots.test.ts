import { jest } from '@jest/globals';
import { chmodSync, symlinkSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { formatAgentSettings } from '../../src/agent/settings.ts';
import { rootBundle } from '../../src/mesh/current/root-bundle.ts';
import { aRoot, servingCertificate, workloadCertificate } from '../agent/identity/certificates.ts';
import { aToken } from '../agent/report/support.ts';
import { builtProgram } from '../support/built-program.ts';
import { selfSigned } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { aMachine, type Machine } from './shim-vm.ts';

jest.setTimeout(120_000);

const OLD = aRoot();
const NEW = aRoot();
const KNOWN = aToken(new Date(), 3600);
const ROOTS = 'etc/certs/root-cert.pem';
const CHAIN = 'etc/certs/cert-chain.pem';
const KEY = 'etc/certs/key.pem';
const RUNNING = 'units/istio.service/active';
const BOTH = `${OLD.cert}${NEW.cert}`;

let istiod: Server;
let meshx: string;
beforeAll(async () => {
  meshx = builtProgram();
  istiod = createServer({ ...servingCertificate(NEW), ALPNProtocols: ['h2'] });
  istiod.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => istiod.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void istiod.close());

interface Around extends AsyncDisposable {
  readonly machine: Machine;
  readonly ask: () => Promise<string>;
}

/** A VM that was joined with the old root. istiod has a certificate of the new one; the API server has `offered`. */
async function joined(offered: string, { token = KNOWN } = {}): Promise<Around> {
  const machine = await aMachine();
  const tls = selfSigned();
  const configMap = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio-ca-root-cert', namespace: 'vm' } },
    data: { 'root-cert.pem': offered },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vm' } };
  const api = await FakeApiServer.start({ tls, token: KNOWN, objects: [namespace, configMap] });
  const mesh = { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-x', address: '10.150.0.5', network: '' };
  const settings = { generation: 1, observe: false, machine: 'a'.repeat(64), mesh, ports: {} };
  const program = 'usr/local/lib/meshx/agent/current/meshx';
  const address = `localhost:${(istiod.address() as AddressInfo).port}`;
  const files = {
    // The program itself, without being packed.
    [program]: `#!/bin/sh\nshift\nexec ${process.execPath} ${meshx} "$@"\n`,
    'etc/meshx/agent.yaml': formatAgentSettings({ ...settings, api: [{ server: api.url, ca: tls.cert }] }),
    'var/lib/meshx-agent/api-token': `${token}\n`,
    'var/lib/istio/envoy/cluster.env': `CA_ADDR='${address}'\n`,
    [ROOTS]: OLD.cert,
    [CHAIN]: workloadCertificate(OLD).cert,
    [KEY]: 'key',
    'run/meshx/sidecar/key.pem': 'key',
    [RUNNING]: 'first',
  };
  for (const [path, text] of Object.entries(files)) await machine.write(path, text);
  chmodSync(join(machine.root, program), 0o755);
  return {
    machine,
    ask: async () => (await machine.ask('renew-roots\n')).stdout,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

test('a root that the API server vouches for replaces the old one, and the sidecar restarts with its certificate', async () => {
  await using around = await joined(BOTH);
  const { machine, ask } = around;
  expect(await ask()).toBe('done\n');
  expect(await machine.read(ROOTS)).toBe(rootBundle(BOTH));
  expect(machine.exists(KEY) && machine.exists(CHAIN)).toBe(true);
  expect(await machine.read(RUNNING)).not.toBe('first');
  expect(await ask()).toBe('nothing to do\n');
});

test('a certificate of a root that is gone is removed, so that the sidecar asks with its token', async () => {
  await using around = await joined(NEW.cert);
  const { machine, ask } = around;
  expect(await ask()).toBe('done\n');
  expect(await machine.read(ROOTS)).toBe(rootBundle(NEW.cert));
  expect([KEY, CHAIN, 'run/meshx/sidecar/key.pem'].filter((path) => machine.exists(path))).toEqual([]);
});

test.each([
  ['the API server names another root', aRoot().cert, {}],
  ["the API server does not accept the agent's token", BOTH, { token: aToken(new Date(), 60, 'other') }],
  ["the agent's token is no token", BOTH, { token: '$(reboot)\n' }],
])('nothing changes when %s', async (_, offered, options) => {
  await using around = await joined(offered, options);
  expect(await around.ask()).toMatch(/^refused: istiod has a certificate of an unknown root/);
  expect(await around.machine.read(ROOTS)).toBe(OLD.cert);
  expect(await around.machine.read(RUNNING)).toBe('first');
});

test.each(['FILE_MOUNTED_CERTS=true', 'PROV_CERT=/srv/certs', 'CA_ROOT_CA=SYSTEM'])(
  'nothing changes where the certificates are of others: %s',
  async (setting) => {
    await using around = await joined(NEW.cert);
    await around.machine.write('var/lib/istio/envoy/sidecar.env', `${setting}\n`);
    expect(await around.ask()).toBe(`refused: ${setting.split('=')[0]} is set: the roots are not meshx's\n`);
    expect(await around.machine.read(ROOTS)).toBe(OLD.cert);
  },
);

test('a link instead of the file of the roots is replaced, and not followed', async () => {
  await using around = await joined(BOTH);
  const { machine, ask } = around;
  await machine.write('elsewhere', OLD.cert);
  await machine.remove(ROOTS);
  symlinkSync(join(machine.root, 'elsewhere'), join(machine.root, ROOTS));
  expect(await ask()).toBe('done\n');
  expect(await machine.read('elsewhere')).toBe(OLD.cert);
});
