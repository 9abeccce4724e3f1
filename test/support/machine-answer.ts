const packed = (text: string): string => Buffer.from(text).toString('base64');

const unit = (id: string, properties: Readonly<Record<string, string>>): string =>
  Object.entries({
    ...{ Id: `${id}.service`, LoadState: 'loaded', FragmentPath: `/etc/systemd/system/${id}.service` },
    ...{ UnitFileState: 'enabled', ActiveState: 'active', SubState: 'running', NRestarts: '0', MainPID: '0' },
    ...{ ActiveEnterTimestampMonotonic: '60000000', MemoryCurrent: '[not set]', CPUUsageNSec: '18446744073709551615' },
    ...{ Documentation: '', ControlGroup: `/system.slice/${id}.service`, ...properties },
  })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');

const server = {
  version: 'f0d4e7d1/1.38.1/Clean/RELEASE/BoringSSL',
  state: 'LIVE',
  node: { metadata: { ISTIO_VERSION: '1.30.4' } },
};

const chain = (uri: string, until: string) => ({
  cert_chain: [{ subject_alt_names: [{ uri }], valid_from: '2026-11-30T08:58:00Z', expiration_time: until }],
});

const certs = { certificates: [chain('spiffe://cluster.local/ns/vm/sa/db1', '2026-12-01T09:00:00Z')] };

/** What src/vm/status/machine.root.sh prints on a VM that runs well: its capture, and other lines in the place of the first of their key. */
export function machineAnswer({
  capture = 'capture=on\nboot=istio.service\n',
  units = [],
  more = [],
}: {
  readonly capture?: string;
  readonly units?: readonly string[];
  readonly more?: readonly string[];
} = {}): string {
  const own = [
    unit('istio', {
      Description: 'istio-sidecar: The Istio sidecar',
      Documentation: 'http://istio.io/',
      ...{ MainPID: '812', MemoryCurrent: '73400320', CPUUsageNSec: '4210000000' },
    }),
    unit('meshx-capture', { Description: 'meshx: traffic capture', SubState: 'exited' }),
    unit('meshx-guard', {
      Description: 'meshx: guard',
      UnitFileState: 'static',
      ActiveState: 'inactive',
      SubState: 'dead',
    }),
  ];
  return [
    ...more,
    'hostname db1',
    'kernel 6.1.0-28-amd64',
    'system Debian GNU/Linux 12 (bookworm)',
    'clock 1796040000 10860.00',
    'address 10.0.0.5',
    'address fd00::5',
    'package 1.30.4',
    'joined yes',
    `server ${packed(JSON.stringify(server))}`,
    `certificates ${packed(JSON.stringify(certs))}`,
    `token ${packed('1796043600')}`,
    `capture ${packed(capture)}`,
    `units ${packed([...own, ...units].join('\n\n'))}`,
    'process istio.service istio-proxy 812 10800 61440 21 /usr/local/bin/pilot-agent proxy --concurrency 2',
    'process istio.service istio-proxy 840 10799 92160 48 /usr/local/bin/envoy -c /etc/istio/proxy/envoy-rev.json --drain-time-s 45',
    'log istio.log 2026-11-30T09:00:00.100000Z\tinfo\tEnvoy proxy is ready',
    'log istio.service 2026-11-30T09:00:00+0000 db1 systemd[1]: Started istio.service.',
    'end',
    '',
  ].join('\n');
}

/** A unit as systemd shows it. */
export function unitText(id: string, properties: Readonly<Record<string, string>>): string {
  return unit(id, { Description: id, ...properties });
}
