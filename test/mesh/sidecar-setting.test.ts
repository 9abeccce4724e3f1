import { execFileSync } from 'node:child_process';
import { isAgentKey } from '../../src/mesh/agent-keys.ts';
import { DOCUMENTED_KEYS } from '../../src/mesh/sidecar-env.ts';
import { keyIssue, portListIssue, settingIssue } from '../../src/mesh/sidecar-setting.ts';
import { systemdFile } from '../../src/templates.ts';

const STEERING = [
  'PATH',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'BASH_ENV',
  'ENV',
  'IFS',
  'GCONV_PATH',
  'MESHX_ROOT',
];

test.each(STEERING)('no one may set %s for a sidecar, neither the cluster nor an option', (key) => {
  expect(isAgentKey(key)).toBe(false);
  expect(keyIssue(key)).toContain('steers');
});

test.each(STEERING)('the start program drops %s too', (key) => {
  const file = ['-f', new URL('../../systemd/settings.awk', import.meta.url).pathname];
  expect(systemdFile('settings.awk')).toContain('function foreign');
  expect(execFileSync('awk', file, { input: `${key}=1\nISTIO_META_X=2\n`, encoding: 'utf8' })).toBe('ISTIO_META_X=2\n');
});

test.each([
  'ISTIO_META_IDLE_TIMEOUT',
  'ISTIO_METAJSON_LABELS',
  'PROXY_XDS_VIA_AGENT',
  'EXIT_ON_ZERO_ACTIVE_CONNECTIONS',
])('the cluster may set %s', (key) => {
  expect(isAgentKey(key)).toBe(true);
  expect(keyIssue(key)).toBeUndefined();
});

test.each([
  ['ISTIO_LOG_DIR', '/srv/log'],
  ['ISTIO_BIN_BASE', '/opt'],
  ['ISTIO_CUSTOM_IP_TABLES', 'true'],
  ['ISTIO_PILOT_PORT', '15010'],
  ['ENVOY_USER', 'envoy'],
  ['ENVOY_PORT', '16001'],
  ['ISTIO_INBOUND_EXCLUDE_PORTS', '22'],
  ['PROXY_UID', '0'],
  ['ISTIO_SIDECAR_CONFIG', '/tmp/x'],
])('%s is dead on a VM with units of meshx, with a reason', (key, value) => {
  expect(settingIssue(key, value)).toMatchObject({ stops: false, reason: expect.stringMatching(/\w{3}/) });
});

test.each([
  ['ISTIO_INBOUND_INTERCEPTION_MODE', 'TPROXY'],
  ['NATIVE_NFTABLES', 'true'],
  ['KUBE_VIRT_INTERFACES', 'eth0'],
  ['FORCE_IPTABLES_BINARY', '/tmp/x'],
  ['ISTIO_INBOUND_PORTS', '22'],
])('with %s=%s nothing would start', (key, value) => {
  expect(settingIssue(key, value)).toMatchObject({ stops: true });
});

test('every documented key takes effect with some value, or has a reason why it does not', () => {
  const works = ['ISTIO_SERVICE_CIDR', 'ISTIO_SERVICE', 'ISTIO_NAMESPACE', 'ISTIO_SVC_IP', 'ISTIO_INBOUND_PORTS'];
  const works2 = ['ISTIO_INBOUND_INTERCEPTION_MODE', 'ISTIO_AGENT_FLAGS', 'PROV_CERT', 'OUTPUT_CERTS', 'CA_ADDR'];
  const silent = [...DOCUMENTED_KEYS].filter((key) => settingIssue(key, '') === undefined);
  expect(silent.sort()).toEqual([...works, ...works2].sort());
});

test.each(['ssh', '0x16', '022', '3306,20:23', '0', '65536', '22/tcp', ' 22', '3306,', '*,3306', '-1', '1e3'])(
  '%s is no list of ports',
  (value) => {
    for (const key of ['ISTIO_INBOUND_PORTS', 'ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_OUTBOUND_PORTS'])
      expect(portListIssue(key, value)).toContain('numbers from 1 to 65535');
  },
);

test('a star is every inbound port, and no other list', () => {
  expect(portListIssue('ISTIO_INBOUND_PORTS', '*')).toBeUndefined();
  expect(portListIssue('ISTIO_LOCAL_EXCLUDE_PORTS', '*')).toBeDefined();
  expect(portListIssue('ISTIO_INBOUND_PORTS', '3306,65535,1')).toBeUndefined();
});
