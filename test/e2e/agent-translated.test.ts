import { run } from '../lab/command.ts';
import { cableOf } from '../lab/names.ts';
import { expectDone } from './support/done.ts';
import { BUILD, buildExecutable } from './support/executable.ts';
import { STEP, useLab } from './support/lab.ts';
import { ratings } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'translated';
const VM = 'translated1';
const INNER = '10.150.0.150';
/** On the lab's hub, which translates it to the inner one. */
const OUTER = '10.150.0.151';
const CLIENT = 'translated-client';
const RULES = `
table ip translated {
  chain in { type nat hook prerouting priority -100; ip daddr ${OUTER} dnat to ${INNER}; }
  chain out { type nat hook postrouting priority 100; ip daddr ${INNER} ct original ip daddr ${OUTER} masquerade; }
}
`;

const lab = useLab();
let executable: string;
const onHub = async (command: string, input = ''): Promise<void> => {
  const ran = await run(['ip', 'netns', 'exec', lab().names.hub, 'sh', '-c', command], { input });
  expect(ran).toMatchObject({ exitCode: 0 });
};

beforeAll(
  async () => {
    executable = await buildExecutable(lab());
    await makeStrictNamespace(lab(), NAMESPACE);
    await onHub(`ip addr add ${OUTER}/32 dev br0 && sysctl -qw net.ipv4.ip_forward=1 && nft -f -`, RULES);
    await lab().pod(CLIENT, '10.150.0.152', { namespace: NAMESPACE });
    await lab().vm(VM, INNER, { suite: 'trixie' });
    // The VM reaches itself at that address too: through the port of the bridge that it came from.
    await onHub(`ip link set ${cableOf(VM)} type bridge_slave hairpin on`);
    await seedRatings(lab(), VM);
  },
  BUILD + 2 * STEP,
);

afterAll(async () => await onHub(`nft delete table ip translated; ip addr del ${OUTER}/32 dev br0`), STEP);

const onVm = async (command: string): Promise<string> => (await lab().mustSsh(VM, command)).trim();
const status = async (): Promise<string> =>
  await onVm('curl -s --unix-socket /run/meshx-agent/agent.sock http://agent/status');

test(
  'the agent of a VM whose address is translated on the way to it reports, and that of a copy does not',
  async () => {
    const place = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--package', lab().deb];
    const address = ['--vm-address', OUTER, '--accept-risk', 'foreign-address'];
    const up = ['up', VM, ...place, ...address, '--service', 'mysqldb:3306', '--agent-executable', executable];
    expectDone(await lab().meshx(up));
    expect(await onVm('cat /etc/meshx/agent.yaml')).toContain('translated: true');
    await lab().waitFor('the agent to report', async () => (await status()).includes('"mode":"api"'), {
      timeoutMs: 60_000,
    });
    const host = `mysqldb.${NAMESPACE}.svc.cluster.local`;
    const rows = async () => (await ratings(lab(), CLIENT, host).catch(() => '')) === '1\t5\n2\t4\n';
    await lab().waitFor('the rows', rows, { timeoutMs: 60_000 });
    expectDone(await lab().meshx([...up, '--dry-run', '--exit-code']));
    // A clone gets an id of its own at its first boot.
    await onVm(
      'rm /etc/machine-id && systemd-machine-id-setup >/dev/null 2>&1; systemctl restart --no-block meshx-agent.service',
    );
    await lab().waitFor('the copy to be fenced', async () => (await status()).includes('"mode":"fenced"'), {
      timeoutMs: 60_000,
    });
    expect(await status()).toContain('machine id differs');
  },
  4 * STEP,
);
