import { Lab } from '../lab/lab.ts';
import { mustShell, run, type Ran } from '../lab/command.ts';
import { namespaceOf } from '../lab/names.ts';
import { expectDone } from './support/done.ts';
import { seedRatings } from './support/ratings.ts';
import { makeStrictNamespace } from './support/strict.ts';

const [VM, IP] = ['seated', '10.150.0.66'];
const [POD, DOOR] = ['seatpod', 'seatdoor'];

let lab: Lab;
/** A network of its own behind DOOR, which translates its addresses. */
let behind: string;

beforeAll(async () => {
  lab = await Lab.attach();
  behind = `${lab.names.lab}-seatnat`;
  await makeStrictNamespace(lab, 'seat');
  await lab.pod(POD, '10.150.0.67', { namespace: 'seat' });
  await lab.host(DOOR, '10.150.0.68');
  await lab.vm(VM, IP);
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  await seedRatings(lab, VM);
  await mustShell(
    `ip netns add "$1"; ip -n "$1" link set lo up
     ip -n "$1" link add eth0 type veth peer name inner netns "$2"
     ip -n "$1" addr add 192.168.77.2/24 dev eth0; ip -n "$1" link set eth0 up; ip -n "$1" route add default via 192.168.77.1
     ip -n "$2" addr add 192.168.77.1/24 dev inner; ip -n "$2" link set inner up
     ip netns exec "$2" sysctl -qw net.ipv4.ip_forward=1
     ip netns exec "$2" iptables -t nat -A POSTROUTING -s 192.168.77.0/24 -j MASQUERADE`,
    [behind, namespaceOf(lab.names, DOOR)],
  );
}, 180_000);

afterAll(async () => {
  await run(['ip', 'netns', 'del', behind]);
  await lab.removeVm(VM);
  await lab.removeMember(POD);
  await lab.removeMember(DOOR);
}, 60_000);

const up = (): readonly string[] => [
  ...['up', VM, '-n', 'seat', '--service', 'seatdb:3306', '--package', lab.deb, '--istiod-address', '10.150.0.1'],
];

/** meshx typed in another place than the workstation. */
const from = (namespace: string, words: readonly string[]): Promise<Ran> => {
  const argv = lab.meshxArgv(words).map((word) => (word === lab.names.hub ? namespace : word));
  return run(argv, { timeoutMs: 180_000, cwd: lab.home });
};

/** What is said of the two checks that need someone outside. */
const asked = ({ stderr }: Ran): string =>
  stderr
    .split('\n')
    .filter((line) => /\[(outside-client:seatdb:3306|reachability)\]/.test(line))
    .join('\n');

test('typed on the VM itself, up joins it and says which checks had no one outside', async () => {
  const ran = await from(namespaceOf(lab.names, VM), up());
  expectDone(ran);
  expect(asked(ran)).toMatch(/^skipped .*not tried: meshx runs on the VM itself: 10\.150\.0\.66 .*outside-client/m);
  expect(asked(ran)).toMatch(/^skipped .*meshx runs on the VM itself.*\[reachability\]/m);
}, 240_000);

test('typed in a pod with a sidecar, nothing is asked from there', async () => {
  const ran = await from(namespaceOf(lab.names, POD), up());
  expectDone(ran);
  expect(asked(ran)).toMatch(/^skipped .*meshx runs inside the mesh/m);
}, 120_000);

test('typed behind NAT, the VM is asked from there, and the check names the address that it saw', async () => {
  const ran = await from(behind, up());
  expectDone(ran);
  expect(asked(ran)).toMatch(/^ok .*tried from this machine, behind NAT as 10\.150\.0\.68/m);
}, 120_000);

test('typed on the workstation, both checks are made', async () => {
  const ran = await lab.meshx([...up(), '--service', 'seatweb:http:8080']);
  expectDone(ran);
  expect(asked(ran)).toMatch(/^ok .*tried from this machine;/m);
  expect(asked(ran)).toMatch(/^ok .*\[reachability\]/m);
}, 180_000);
