import { hostCidr } from '../../../src/vm/preflight/addresses.ts';
import { mergeExclusions } from '../../../src/vm/preflight/exclusions.ts';
import { wantedVm } from '../../../src/vm/wanted.ts';
import type { BundleOptions } from '../../../src/mesh/current/bundle.ts';
import { PLACES } from '../../../src/vm/places.ts';
import { currentInput } from '../world.ts';

const clusterEnv = (bundle: BundleOptions): string =>
  wantedVm(currentInput({ bundle }))
    .flatMap(({ wants }) => wants)
    .flatMap((want) => (want.kind === 'file' && want.path === PLACES.clusterEnv ? [want.content] : []))
    .join('');

test('exclusions from capture are in cluster.env under the keys of istio-iptables', () => {
  const text = clusterEnv({
    excludeCidrs: ['10.0.0.9/32'],
    excludeOutboundPorts: [389, 636],
    excludeInterfaces: ['docker0'],
  });
  expect(text).toContain("ISTIO_SERVICE_EXCLUDE_CIDR='10.0.0.9/32'\n");
  expect(text).toContain("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE='389,636'\n");
  expect(text).toContain("ISTIO_EXCLUDE_INTERFACES='docker0'\n");
});

test('where nothing is to be left alone, cluster.env is as istioctl writes it', () => {
  const bundle = { excludeCidrs: [], excludeOutboundPorts: [], excludeInterfaces: [] };
  expect(clusterEnv(bundle)).toBe(clusterEnv({}));
  expect(clusterEnv({})).not.toMatch(/EXCLUDE_CIDR|OUTBOUND_PORTS_EXCLUDE|EXCLUDE_INTERFACES/);
});

test('exclusions of several parts are one list each, sorted, each once: two looks give the same file', () => {
  const scans = [
    { cidrs: ['10.0.0.9/32', '10.0.0.1/32'], outboundPorts: [2049, 389] },
    { cidrs: ['10.0.0.9/32'], interfaces: ['wg0', 'docker0'] },
    {},
  ];
  const expected = {
    cidrs: ['10.0.0.1/32', '10.0.0.9/32'],
    outboundPorts: [389, 2049],
    interfaces: ['docker0', 'wg0'],
  };
  expect(mergeExclusions(scans)).toEqual(expected);
  expect(mergeExclusions([...scans].reverse())).toEqual(expected);
});

test.each([
  ['10.0.0.9', '10.0.0.9/32'],
  ['FD00::9', 'fd00::9/128'],
  ['[fd00::9]', 'fd00::9/128'],
  ['fe80::1%eth0', 'fe80::1/128'],
  ['nas.corp.example', undefined],
  ['', undefined],
])('the address %j is the range %j', (address, cidr) => {
  expect(hostCidr(address)).toBe(cidr);
});
