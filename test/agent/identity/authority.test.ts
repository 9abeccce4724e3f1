import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type AuthorityFacts,
  certificateAuthority,
  readAuthorityFacts,
} from '../../../src/agent/identity/authority.ts';
import { hasConnection } from '../../../src/agent/identity/istiod-connection.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ISTIOD = 'istiod.istio-system.svc:15012';
const authority = (env: Readonly<Record<string, string>> = {}, more: Partial<AuthorityFacts> = {}) =>
  certificateAuthority({ env: new Map(Object.entries(env)), discovery: ISTIOD, proxy: 997, hasFiles: false, ...more });

describe('who gives the certificates', () => {
  test('is istiod where CA_ADDR is its address, on any port, or missing', () => {
    expect(authority({ CA_ADDR: ISTIOD })).toEqual({ kind: 'istiod', place: ISTIOD });
    expect(authority({ CA_ADDR: 'istiod.istio-system.svc:31012' }).kind).toBe('istiod');
    expect(authority().kind).toBe('istiod');
    expect(
      authority({ CA_ADDR: 'istiod-canary.mesh.svc:15012' }, { discovery: 'istiod-canary.mesh.svc:15012' }).kind,
    ).toBe('istiod');
  });

  test('is an external CA where CA_ADDR is another address, or the provider is not Citadel', () => {
    expect(authority({ CA_ADDR: 'cert-manager-istio-csr.cert-manager.svc:443' })).toEqual({
      kind: 'external',
      place: 'cert-manager-istio-csr.cert-manager.svc:443',
    });
    expect(authority({ CA_PROVIDER: 'GoogleCA', CA_ADDR: 'meshca.googleapis.com:443' }).kind).toBe('external');
  });

  test('is someone who writes files', () => {
    expect(authority({ FILE_MOUNTED_CERTS: 'true' }).kind).toBe('files');
    expect(authority({ FILE_MOUNTED_CERTS: 'false' }).kind).toBe('istiod');
    expect(authority({}, { hasFiles: true }).kind).toBe('files');
    expect(authority({ CA_PROVIDER: 'GkeWorkloadCertificate' }).kind).toBe('files');
  });

  test('is a SPIFFE agent where the socket is of another user, or has a name of its own', () => {
    expect(authority({}, { socketOwner: 0 })).toEqual({
      kind: 'workload-api',
      place: '/run/secrets/workload-spiffe-uds/socket',
    });
    expect(authority({}, { socketOwner: 997 }).kind).toBe('istiod');
    expect(authority({ WORKLOAD_IDENTITY_SOCKET_FILE: 'spire.sock' }).kind).toBe('workload-api');
  });

  test('is read from the files of the sidecar: sidecar.env wins over cluster.env', async () => {
    const root = temporaryFolder();
    const files = {
      'var/lib/istio/envoy/cluster.env': `CA_ADDR='${ISTIOD}'\n`,
      'var/lib/istio/envoy/sidecar.env': '# CA_ADDR=\nCA_ADDR=ca.example.test:443\n',
      'etc/istio/config/mesh': 'defaultConfig:\n  discoveryAddress: istiod.mesh.svc:15012\n',
      'etc/passwd': 'root:x:0:0::/root:/bin/sh\nistio-proxy:x:997:997::/var/lib/istio:/bin/false\n',
      'run/secrets/workload-spiffe-uds/socket': '',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const facts = await readAuthorityFacts(root);
    expect(facts).toMatchObject({ discovery: 'istiod.mesh.svc:15012', proxy: 997, hasFiles: false });
    expect(facts.socketOwner).toBe(process.getuid?.());
    expect(facts.env.get('CA_ADDR')).toBe('ca.example.test:443');
    writeFileSync(join(root, 'etc/istio/config/mesh'), '{');
    expect((await readAuthorityFacts(root)).discovery).toBe(ISTIOD);
    expect(await readAuthorityFacts(join(root, 'nothing'))).toEqual({
      ...{ env: new Map(), discovery: ISTIOD, hasFiles: false },
    });
  });
});

describe('the connection to istiod', () => {
  const TCP = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:3A98 00000000:0000 0A 00000000:00000000 00:00000000 00000000   997        0 23 1 0 100 0 0 10 0',
    '   1: 0500960A:A420 0100960A:3AA4 01 00000000:00000000 02:000 00000000   997        0 24 1 0 20 4 30 10 -1',
  ].join('\n');

  test('is an open one of the sidecar to its port', () => {
    expect(hasConnection([TCP], { uid: 997, port: 15012 })).toBe(true);
    expect(hasConnection([TCP], { uid: 1000, port: 15012 })).toBe(false);
    expect(hasConnection([TCP], { uid: 997, port: 15010 })).toBe(false);
    expect(hasConnection([TCP.replace(' 01 ', ' 02 '), ''], { uid: 997, port: 15012 })).toBe(false);
  });
});
