import { expectGolden } from '../../support/golden.ts';
import type { Fault } from './fake-vm.ts';
import { Subject } from './subject.ts';

/** How each phase is made to fail: the script in which it happens, on the VM or in the cluster. */
const SCRIPTS: Readonly<Record<string, string>> = {
  lock: 'run-begin',
  inspect: 'mesh-connections',
  'inspect-switch': 'switch-read',
  journal: 'journal',
  drain: 'drain',
  'step-before': 'file',
  arm: 'switch-arm',
  'step-sidecar': 'unit-start',
  settle: 'probes',
  confirm: 'switch-confirm',
};

const FAULTS: readonly Fault[] = ['fails', 'aborts', 'loses the connection', 'loses the VM'];

/** The state of the VM and the cluster, and what is said of it, in one line. */
async function lineOf(subject: Subject): Promise<string> {
  const { vm } = subject;
  const { status, phases, problem, rolledBack, confirmed } = await subject.change();
  const { result = 'not noted' } = JSON.parse(`{${vm.audit[1] ?? ''}}`) as { readonly result?: string };
  const last = phases.at(-1);
  return [
    `${status} ${problem?.id ?? ''}`.trim(),
    vm.armed ? 'armed, the VM rolls itself back' : (vm.ended ?? 'not armed'),
    rolledBack ? 'told as rolled back' : confirmed ? 'told as confirmed' : 'told as neither',
    `capture ${vm.capture ? 'on' : 'off'}`,
    subject.inRotation ? 'in rotation' : 'out of rotation',
    last ? `last phase ${last.id}: ${last.status}` : 'no phase',
    `audit: ${result}`,
  ].join('; ');
}

test('each phase × each failure: what is rolled back, what is confirmed, and what is said of it', async () => {
  const lines: string[] = [`nothing fails: ${await lineOf(new Subject())}`];
  for (const [phase, script] of Object.entries(SCRIPTS))
    for (const fault of FAULTS) {
      const subject = new Subject();
      subject.vm.faults.set(script, fault);
      lines.push(`${phase} ${fault}: ${await lineOf(subject)}`);
    }
  for (const [phase, make] of Object.entries(OTHERS)) {
    const subject = new Subject();
    make(subject);
    lines.push(`${phase}: ${await lineOf(subject)}`);
  }
  expectGolden('operations/change/failures.txt', `${lines.join('\n')}\n`);
});

const OTHERS: Readonly<Record<string, (subject: Subject) => void>> = {
  'another run holds the lock': ({ vm }) => void (vm.locked = true),
  'the cluster refuses the registration': ({ kube }) => kube.refused.add('Service'),
  'the cluster refuses the way out of rotation': ({ kube }) => kube.refused.add('leave'),
  'the cluster refuses the way back': ({ kube }) => kube.refused.add('return'),
  'settle finds changes': ({ vm }) => void (vm.unsettled = true),
  'verify fails': (subject) => void (subject.results = [{ ok: false, title: 'broken' }]),
  'verify aborts': (subject) => void (subject.onCheck = () => subject.vm.operator.abort(new Error('SIGINT'))),
  'verify loses the VM': (subject) => {
    subject.results = [{ ok: false, title: 'broken' }];
    subject.onCheck = () => void (subject.vm.dead = true);
  },
  'the last step fails': ({ vm }) => vm.faults.set('unit-enable', 'fails'),
};
