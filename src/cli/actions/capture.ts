import { cliProblems } from '../../problems/cli.ts';
import { lockProblems } from '../../problems/lock.ts';
import type { Result } from '../../checks/check.ts';
import { turnCapture } from '../../operations/capture.ts';
import type { ChangeEvent } from '../../operations/change/event.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { readCapture } from '../../vm/bypass.ts';
import type { CaptureState } from '../../vm/capture-state.ts';
import type { Telling } from '../change-text.ts';
import { tellChange } from '../headings.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { confirmWithin } from '../time-limits.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, type VmProgress } from '../progress/run-progress.ts';

const VERBS = ['off', 'on', 'status'] as const;

/** `meshx capture VM off|on|status`: what meshx-bypass does on the machine, over SSH. */
export async function capture(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const [vm = '', word = ''] = args;
  const input = new Input('capture', call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const within = confirmWithin(input);
  const verb = VERBS.find((each) => each === word);
  if (!verb)
    input.issue(`<verb>: ${JSON.stringify(word.slice(0, 80))} is not one of ${VERBS.join(', ')}, show, check, explain`);
  for (const name of ['uid', 'to', 'inbound', 'from', 'udp'])
    if (call.given[name] !== undefined) input.issue(`--${name}: is for explain`);
  if (machine.root !== undefined) input.issue('--root: nothing is captured in an image');
  input.accept();
  if (!verb) throw cliProblems.invalidInput({ command: 'capture', issues: [] });

  const login = () => openMachine(world, machine, vm);
  const show = (state: CaptureState): void =>
    terminal.out(output === 'text' ? formatState(vm, state) : formatDocument({ vm, ...state }, output));
  if (verb === 'status') {
    await using host = await login();
    return show(await readCapture(host, world.signal));
  }
  const names = { vm, ...called('capture', call, vm, verb) };
  const dryRun = input.flag('dryRun');
  const progress = new RunProgress(call, { vms: [vm], onStdout: dryRun && output === 'text' });
  const observe = observing(progress.of(vm), names);
  const asked = { ...names, login, dryRun, observe };
  const turned = await during(progress, () => turnCapture(world, asked, { to: verb, confirmWithin: within }));
  const { status, phases, problem, state } = turned;
  if (problem?.id === lockProblems.locked.id && verb === 'off') terminal.err(WITHOUT_LOCK);
  if (problem) throw problem;
  if (status === 'planned') {
    if (output !== 'text') terminal.out(formatDocument({ vm, steps: phases }, output));
    return;
  }
  if (status === 'unchanged') terminal.err(`${vm}: ${NOTHING[verb]}`);
  show(state);
}

/** What capture's own program says is the report of it. */
function observing({ say, watch }: VmProgress, names: Omit<Telling, 'say'>): (event: ChangeEvent<Result>) => void {
  const tell = tellChange({ ...names, say });
  return (event) => {
    if (event.kind === 'heard') return say(event.text.split('\n'));
    watch(event);
    tell(event);
  };
}

const NOTHING = { off: 'capture is already off', on: 'nothing is bypassed' } as const;
/** meshx-bypass waits for no lock. */
const WITHOUT_LOCK =
  'note: to turn capture off at once on the VM itself, even while a run holds the lock: sudo meshx-bypass off';

function formatState(vm: string, state: CaptureState): readonly string[] {
  const { captured, missing = 0, gaveWay, older, armed, reverted, bypassedSince, boot } = state;
  return [
    `${vm}: capture is ${captured ? 'on' : 'off'}`,
    ...(missing > 0 && !gaveWay
      ? [`  another program removed ${missing} of its rules; the VM restores them: journalctl -u meshx-watch`]
      : []),
    ...(gaveWay
      ? [
          `  meshx stopped restoring its rules at ${gaveWay.since}, because ${gaveWay.to} kept removing them`,
          '  stop that program, then run on the VM: sudo systemctl restart meshx-capture',
        ]
      : []),
    ...(older > 0 ? [`  ${older} connections are older than capture, outside mutual TLS until they end`] : []),
    ...(armed ? [formatArmed(armed)] : []),
    ...(reverted ? [`  rolled back at ${reverted.at}: ${reverted.why} (armed by ${reverted.by})`] : []),
    ...(bypassedSince ? [`  bypassed since ${bypassedSince}; turn it on with: meshx capture ${vm} on`] : []),
    `  at boot: ${boot.length > 0 ? boot.join(', ') : 'no unit of the sidecar starts'}`,
  ];
}

function formatArmed({ by, since, until, reverting }: NonNullable<CaptureState['armed']>): string {
  if (reverting !== undefined) return `  rolling back (armed by ${by}), until every rule is gone: ${reverting}`;
  return `  armed by ${by} since ${since}: rolls back at ${until} unless it is confirmed`;
}
