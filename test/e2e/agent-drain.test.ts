import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { must } from '../lab/command.ts';
import type { VmRecord } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';
import { BUILD, buildExecutable } from './support/executable.ts';
import { STEP, useLab } from './support/lab.ts';
import { seedRatings } from './support/ratings.ts';
import { EndpointWatch, ReconnectingClients } from './support/reconnecting-clients.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'drains';
const HOST = `mysqldb.${NAMESPACE}.svc.cluster.local`;
const CLIENT = 'drain-client';
const METADATA = '169.254.169.254';
const UNIT = 'meshx-drain-mysqldb.service';
const VMS = [
  { name: 'drain1', ip: '10.150.0.71', suite: 'trixie' },
  { name: 'drain2', ip: '10.150.0.72', suite: 'bookworm' },
] as const;
const [{ name: VM, ip: IP }, { ip: OTHER }] = VMS;

const lab = useLab();
let executable: string;
const machines = new Map<string, VmRecord>();

const onVm = async (vm: string, command: string): Promise<string> => (await lab().mustSsh(vm, command)).trim();
const state = async (vm: string) =>
  /^mysqldb +(\S+)/m.exec(await onVm(vm, '/usr/local/lib/meshx/agent/current/meshx agent status'))?.[1];
const up = (vm: string) => [
  ...['up', vm, '-n', NAMESPACE, '--service', 'mysqldb:3306', '--package', lab().deb],
  ...['--istiod-address', '10.150.0.1', '--agent-executable', executable],
];

/** A line for the page of figures: E2E_FIGURES names a file. */
function note(figure: string): void {
  const file = process.env['E2E_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${figure}\n`);
}

beforeAll(
  async () => {
    executable = await buildExecutable(lab());
    await makeStrictNamespace(lab(), NAMESPACE);
    await lab().pod(CLIENT, '10.150.0.70', { namespace: NAMESPACE });
    for (const { name, ip } of VMS) {
      machines.set(name, await lab().vm(name, ip, { suite: 'trixie' }));
      await seedRatings(lab(), name);
      expectDone(await lab().meshx(up(name)));
    }
  },
  BUILD + 4 * STEP,
);

/** Both VMs are endpoints of the database, as the client's sidecar sees it. */
const whole = async (watch: EndpointWatch): Promise<unknown> =>
  await lab().waitFor('both endpoints', () => watch.now.join() === `${IP},${OTHER}`, { timeoutMs: 60_000 });
const watching = (): EndpointWatch => new EndpointWatch(lab(), CLIENT, { host: HOST, port: 3306 });
const clients = (): ReconnectingClients => new ReconnectingClients(lab(), CLIENT, { host: HOST, count: 3 });

/** Runs while clients query, and returns the connections that failed. */
async function underLoad(run: (watch: EndpointWatch) => Promise<void>): Promise<readonly string[]> {
  using watch = watching();
  await whole(watch);
  const load = clients();
  try {
    await lab().waitFor('the clients', () => load.connections >= 3);
    await run(watch);
    const before = load.connections;
    await lab().waitFor('more connections', () => load.connections > before + 5);
  } finally {
    await load[Symbol.asyncDispose]();
  }
  note(`connections ${load.connections}, failed ${load.failures.length}`);
  return load.failures;
}

test('the join finds the unit of the database, and makes one that drains it', async () => {
  expect(await onVm(VM, 'cat /etc/meshx/services.d/mysqldb.yaml')).toContain('unit: mariadb.service');
  expect(await onVm(VM, `systemctl is-active ${UNIT}; systemctl is-enabled ${UNIT}`)).toBe('active\nenabled');
  expectDone(await lab().meshx([...up(VM), '--dry-run', '--exit-code']));
});

test(
  'a clean stop takes the database out of rotation before it stops, and no client notices',
  async () => {
    const failures = await underLoad(async (watch) => {
      for (let round = 0; round < 5; round++) {
        const times = await onVm(VM, 'date +%s%3N; systemctl stop mariadb; date +%s%3N');
        const [began = Number.NaN, stopped = Number.NaN] = times.split('\n').map(Number);
        const gone = watch.goneAt(IP, began) ?? Number.NaN;
        note(`stop ${round}: gone after ${gone - began} ms, stopped after ${stopped - began} ms`);
        expect(gone).toBeGreaterThanOrEqual(began);
        // The drain waits for the VM's own sidecar; istiod pushes to that of the client at the same moment.
        expect(gone).toBeLessThan(stopped + 500);
        expect(await state(VM)).toBe('drained');
        await onVm(VM, 'systemctl start mariadb');
        await whole(watch);
      }
    });
    expect(failures).toEqual([]);
  },
  4 * STEP,
);

test(
  'a rolling restart of two databases fails no query',
  async () => {
    const failures = await underLoad(async (watch) => {
      for (let round = 0; round < 3; round++)
        for (const { name } of VMS) {
          await onVm(name, 'systemctl restart mariadb');
          await whole(watch);
        }
    });
    expect(failures).toEqual([]);
  },
  4 * STEP,
);

test(
  'a crash is not drained: systemd starts the database again as before',
  async () => {
    const restarts = async () => Number(await onVm(VM, 'systemctl show -P NRestarts mariadb'));
    const drained = async () => Number(await onVm(VM, `journalctl -u ${UNIT} -o cat | grep -c 'its unit stops' || :`));
    const before = await restarts();
    const drains = await drained();
    expect(drains).toBeGreaterThan(0);
    // Its delay, and what it takes to recover.
    const killed = performance.now();
    await onVm(VM, 'pkill -KILL -x mariadbd');
    await lab().waitFor('a restart', async () => (await restarts()) > before, { timeoutMs: 15_000 });
    note(`crash: restarted after ${Math.round(performance.now() - killed)} ms`);
    await lab().waitFor('the database', async () => (await state(VM)) === 'ready', { timeoutMs: 30_000 });
    expect(await drained()).toBe(drains);
  },
  STEP,
);

test(
  'a restart does not end what an operator drained',
  async () => {
    expectDone(await lab().meshx(['drain', VM, 'mysqldb']));
    await onVm(VM, 'systemctl restart mariadb');
    await lab().waitFor('the unit', async () => (await onVm(VM, `systemctl is-active ${UNIT} || :`)) === 'active');
    expect(await state(VM)).toBe('drained');
    expectDone(await lab().meshx(['undrain', VM]));
  },
  STEP,
);

test(
  'an agent that hangs or is gone keeps no database from stopping',
  async () => {
    const stop = async (): Promise<number> => {
      const began = performance.now();
      await onVm(VM, 'systemctl stop mariadb');
      return Math.round(performance.now() - began);
    };
    await onVm(VM, 'kill -STOP $(systemctl show -P MainPID meshx-agent)');
    const hanging = await stop();
    await onVm(VM, 'systemctl start mariadb; systemctl kill -s KILL meshx-agent');
    await lab().waitFor('the agent', async () => (await state(VM).catch(() => '')) === 'ready', { timeoutMs: 60_000 });
    await onVm(VM, 'systemctl stop meshx-agent.service meshx-agent.socket');
    const gone = await stop();
    await onVm(VM, 'systemctl start meshx-agent.service; systemctl start mariadb');
    await lab().waitFor('the agent', async () => (await state(VM).catch(() => '')) === 'ready', { timeoutMs: 60_000 });
    note(`stop with a hanging agent ${hanging} ms, with none ${gone} ms`);
    expect([hanging < 15_000, gone < 10_000]).toEqual([true, true]);
  },
  2 * STEP,
);

test(
  'a reboot drains the database first, and no client notices',
  async () => {
    const failures = await underLoad(async (watch) => {
      const began = performance.now();
      await lab().reboot(VM);
      note(`reboot: ${Math.round(performance.now() - began)} ms`);
      await lab().waitFor('the endpoint to go', () => watch.changes.some(({ endpoints }) => !endpoints.includes(IP)));
      await whole(watch);
    });
    expect(failures).toEqual([]);
  },
  3 * STEP,
);

test(
  'so does switching the machine off',
  async () => {
    const failures = await underLoad(async (watch) => {
      const began = Date.now();
      await lab().powerOff(VM);
      expect(watch.goneAt(IP, began)).toBeDefined();
      await lab().powerOn(machines.get(VM) as VmRecord);
      await whole(watch);
    });
    expect(failures).toEqual([]);
  },
  3 * STEP,
);

/** What only Compute Engine has, outside of the VM: the server is reached past capture. */
async function metadataServer(): Promise<Session> {
  const program = fileURLToPath(new URL('./support/metadata-server.mjs', import.meta.url));
  await must(lab().inArgv('hub', ['ip', 'address', 'replace', `${METADATA}/32`, 'dev', 'br0']));
  const server = new Session(lab().inArgv('hub', [process.execPath, program, METADATA]));
  await lab().waitFor('the metadata server', () => server.output.includes('listening'));
  return server;
}

test(
  'drains all services when Compute Engine preempts the machine or stops it for maintenance',
  async () => {
    using server = await metadataServer();
    try {
      await onVm(VM, `echo 'notices: http://${METADATA}' >> /etc/meshx/agent.yaml && systemctl reload meshx-agent`);
      const held = new RegExp(`^${IP} \\S+(preempted|maintenance-event)\\?\\S*wait_for_change=true`, 'gm');
      await lab().waitFor('its questions', () => (server.output.match(held) ?? []).length >= 2, { timeoutMs: 60_000 });
      const failures = await underLoad(async (watch) => {
        const notices = [
          ['preempted', 'TRUE', 'FALSE'],
          ['maintenance-event', 'TERMINATE_ON_HOST_MAINTENANCE', 'NONE'],
        ] as const;
        for (const [key, value, usual] of notices) {
          const began = Date.now();
          server.send(`${key} ${value}`);
          await lab().waitFor('the endpoint to go', () => watch.goneAt(IP, began) !== undefined);
          note(`${key}: gone after ${(watch.goneAt(IP, began) ?? Number.NaN) - began} ms`);
          await lab().waitFor('the drain', async () => (await state(VM)) === 'drained', { timeoutMs: 40_000 });
          server.send(`${key} ${usual}`);
          await whole(watch);
        }
      });
      expect(failures).toEqual([]);
      expectDone(await lab().meshx([...up(VM), '--dry-run', '--exit-code']));
    } finally {
      // `down` keeps a file that an operator changed.
      await onVm(VM, "sed -i '/^notices:/d' /etc/meshx/agent.yaml");
      await must(lab().inArgv('hub', ['ip', 'address', 'del', `${METADATA}/32`, 'dev', 'br0']));
    }
  },
  3 * STEP,
);

test(
  'the machine is restored, with the units of the database',
  async () => {
    expectDone(await lab().meshx(['down', VM, '--verify', '--yes']));
    expect(await onVm(VM, 'ls -d /etc/systemd/system/mariadb.service.wants 2>/dev/null | wc -l')).toBe('0');
    expect(await onVm(VM, 'systemctl is-active mariadb')).toBe('active');
  },
  STEP,
);
