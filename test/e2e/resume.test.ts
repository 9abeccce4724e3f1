import { readFile } from 'node:fs/promises';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { Operator } from './support/operator.ts';
import { makeStrictNamespace } from './support/strict.ts';

const GATE = '/usr/local/sbin/lab-gate';
const FOLDER = '/run/lab-gate';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'resume');
  await lab.vm('resumed', '10.150.0.56', { mysql: 'off' });
  await lab.mustSsh('resumed', 'systemctl enable --now lab-http@8080');
  const gate = await readFile(new URL('support/change-gate.sh', import.meta.url), 'utf8');
  const install = `cat > ${GATE}; chmod 755 ${GATE}; sed -i 's|^ssh-|command="${GATE}" ssh-|' ~root/.ssh/authorized_keys`;
  await lab.mustSsh('resumed', install, { input: gate });
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const up = (): readonly string[] => [
  ...['up', 'resumed', '-n', 'resume', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
  ...['--service', 'web:http:8080', '--package', lab.deb],
];

/** Where a run is killed: before the change with that number, or after it and before the operator hears of it. */
type Kill = readonly [change: number, where: 'before' | 'after'];

/** Kills the operator there, and gives the name of the change. False: the run had fewer changes, and ended by itself. */
async function killedAt([change, where]: Kill): Promise<string | false> {
  await lab.mustSsh('resumed', `rm -rf ${FOLDER}; mkdir ${FOLDER}; echo ${change} ${where} > ${FOLDER}/armed`);
  using operator = new Operator(lab, up());
  const event = async (): Promise<string> =>
    (await lab.ssh('resumed', `cat ${FOLDER}/event 2>/dev/null`)).stdout.trim();
  const met = async (): Promise<boolean> => (await event()) !== '' || !operator.running;
  await lab.waitFor(`change ${change}`, met, { timeoutMs: 120_000, everyMs: 20 });
  const name = await event();
  if (name === '') {
    expectDone(await operator.ended);
    return false;
  }
  operator.signal('SIGKILL');
  await operator.ended;
  await lab.mustSsh('resumed', `touch ${FOLDER}/go`);
  return name;
}

/** On the way through all changes of one `up`: users, the package, folders, files, units. */
const KILLS: readonly Kill[] = [
  [2, 'before'],
  [1, 'after'],
  [2, 'before'],
  [1, 'before'],
  [1, 'after'],
  [1, 'before'],
];

test('a run that was killed at a change is finished by the same command, and the one after it finds nothing to do', async () => {
  const names: string[] = [];
  for (const change of KILLS) {
    const name = await killedAt(change);
    if (name === false) break;
    names.push(name);
  }
  expect(names.length).toBeGreaterThan(3);
  await lab.mustSsh('resumed', `rm -rf ${FOLDER}`);
  const last = await lab.meshx(up());
  expectDone(last);
  expect(last.stderr).not.toContain('vm-locked');
  const again = await lab.meshx(up());
  expectDone(again);
  expect(again.stdout).toContain('no changes');
  const audit = await lab.meshx(['audit', 'resumed']);
  expectDone(audit);
  expect(audit.stdout.match(/did not end/g)).toHaveLength(names.length);
}, 600_000);
