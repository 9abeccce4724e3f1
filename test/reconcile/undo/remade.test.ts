import { comparePictures, formatDifference } from '../../../src/reconcile/undo/compare.ts';
import type { Picture } from '../../../src/reconcile/undo/picture.ts';
import { remadeByBoot } from '../../../src/reconcile/undo/remade.ts';

type Fact = readonly [area: string, name: string, state: string];
const picture = (boot: string | undefined, ...facts: readonly Fact[]): Picture =>
  [...(boot === undefined ? [] : [['boot', 'id', boot] as const]), ...facts].map(([area, name, state]) => ({
    ...{ area, name, state },
  }));

/** The lines of the differences that a reboot does not explain. */
function left(before: Picture, after: Picture): readonly string[] {
  const reason = remadeByBoot(before, after);
  return comparePictures(before, after)
    .filter((each) => reason(each) === undefined)
    .map(formatDifference);
}

const DOCKER: readonly Fact[] = [
  ['file', '/run/podman', 'd root:root 755'],
  ['rules', 'nft ip nat chain CNI-1', 'ip daddr 10.88.0.0/16 counter accept'],
  ['route', '-6 local fe80::42:23ff:fe67:b1e2 dev docker0 table local proto kernel metric 0 pref medium', ''],
  ['listening', 'tcp 127.0.0.1:38701', ''],
  ['unit', 'var-lib-shm.mount', 'active'],
  ['unit', 'podman.service', 'failed'],
];

test('what a reboot makes anew is explained by it, in a snapshot of another boot only', () => {
  expect(left(picture('b1', ...DOCKER), picture('b2'))).toEqual([]);
  expect(left(picture('b1', ...DOCKER), picture('b1'))).toHaveLength(DOCKER.length);
  expect(left(picture(undefined, ...DOCKER), picture('b2'))).toHaveLength(DOCKER.length);
  expect(left(picture('b1', ...DOCKER), picture(undefined))).toHaveLength(DOCKER.length);
});

test.each<Fact>([
  ['file', '/run/meshx', 'd root:root 755'],
  ['file', '/run/secrets/istio', 'd root:root 755'],
  ['file', '/etc/left', 'f root:root 644'],
  ['rules', 'iptables-nft nat OUTPUT', 'ACCEPT; -j ISTIO_OUTPUT'],
  ['rules', 'nft ip nat chain x', 'tcp dport 80 redirect to :15006'],
  ['listening', 'tcp 127.0.0.1:15000', ''],
  ['listening', 'tcp *:38701', ''],
  ['listening', 'tcp 127.0.0.1:3306', ''],
  ['route', '-4 10.9.0.0/16 dev eth0', ''],
  ['unit', 'ssh.service', 'active'],
  ['user', 'left', '1:1'],
  ['package', 'istio-sidecar', '1'],
  ['unit-file', 'istio.service', 'enabled'],
])('a reboot does not explain %s %s', (...fact) => {
  expect(left(picture('b1'), picture('b2', fact))).toHaveLength(1);
  expect(left(picture('b1', fact), picture('b2'))).toHaveLength(1);
});

test('a unit that fails since the reboot is a difference', () => {
  expect(left(picture('b1'), picture('b2', ['unit', 'ssh.service', 'failed']))).toEqual(['+ unit ssh.service: failed']);
});
