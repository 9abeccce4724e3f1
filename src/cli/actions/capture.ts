import type { Host } from '../../host/run/host.ts';
import { cliProblems } from '../../problems/cli.ts';
import { vmProblems } from '../../problems/vm.ts';
import { lockProblems } from '../../problems/lock.ts';
import { isEmpty, type Plan } from '../../reconcile/plan.ts';
import { readCapture, turningStep } from '../../vm/bypass.ts';
import type { CaptureState } from '../../vm/capture-state.ts';
import { authorOf } from '../../who.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Decision, Guard } from '../../operations/change/decision.ts';
import { asPlanned } from '../../operations/change/event.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import type { Result } from '../../checks/check.ts';
import { formatPhase, tellChange } from '../change-text.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { Input } from '../input.ts';
import { confirmWithin } from '../time-limits.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat } from '../print.ts';

const VERBS = ['off', 'on', 'status'] as const;
type Verb = (typeof VERBS)[number];

/** `meshx capture VM off|on|status`: what meshx-bypass does on the machine, over SSH. */
export async function capture(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const [vm = '', word = ''] = args;
  const input = new Input('capture', call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const within = confirmWithin(input);
  const verb = VERBS.find((each) => each === word);
  if (!verb) input.issue(`<verb>: ${JSON.stringify(word.slice(0, 80))} is not one of ${VERBS.join(', ')}`);
  if (machine.root !== undefined) input.issue('--root: nothing is captured in an image');
  input.accept();
  if (!verb) throw cliProblems.invalidInput({ command: 'capture', issues: [] });

  const login = () => openMachine(world, machine, vm);
  await using host = await login();
  const inspectedAt = performance.now();
  let state = await readCapture(host, world.signal);
  if (verb !== 'status') {
    const turning = { call, vm, verb, guard: { within, login }, inspectedAt };
    if (input.flag('dryRun')) return await showPlan(host, turning, { state, output });
    await turned(host, turning, state);
    state = await readCapture(host, world.signal);
  }
  terminal.out(output === 'text' ? formatState(vm, state) : formatDocument({ vm, ...state }, output));
}

interface Turning {
  readonly call: Call;
  readonly vm: string;
  readonly verb: Exclude<Verb, 'status'>;
  readonly guard: Guard;
  readonly inspectedAt: number;
}

async function showPlan(
  host: Host,
  turning: Turning,
  { state, output }: { readonly state: CaptureState; readonly output: OutputFormat },
): Promise<void> {
  const { call, vm } = turning;
  const decision = decided(turning, state);
  const steps = asPlanned(await plannedPhases({ host, decision, signal: call.world.signal }));
  call.terminal.out(output === 'text' ? steps.flatMap(formatPhase) : formatDocument({ vm, steps }, output));
}

/** Changes the VM as any other command: under its lock, with a line in its audit. */
async function turned(host: Host, turning: Turning, found: CaptureState): Promise<void> {
  const { call, vm, verb, inspectedAt } = turning;
  const { world, terminal } = call;
  const decision = decided(turning, found);
  if (isEmpty(decision.plan)) return terminal.err(`${vm}: ${NOTHING[verb]}`);
  const again = typedLine('capture', call, vm, verb);
  const tell = tellChange({ vm, say: terminal.err, again });
  let said = '';
  const { problem } = await change({
    ...{ vm, host, command: commandWords('capture', call, vm, verb), again, ...authorOf(world) },
    ...{ signal: world.signal, now: world.now, inspectedAt, decision },
    inspect: async (signal) => decided(turning, await readCapture(host, signal)),
    observe: (event) => {
      if (event.kind !== 'heard') return tell(event);
      said = event.text;
      terminal.err(said.split('\n'));
    },
  });
  if (problem?.id === lockProblems.locked.id && verb === 'off') terminal.err(WITHOUT_LOCK);
  if (problem?.id === reconcileProblems.changeFailed.id)
    throw vmProblems.bypassFailed({ vm, verb, said: said.slice(-2000) }, problem);
  if (problem) throw problem;
}

/** Capture that comes back may take a login away as one that starts: under the dead-man switch. */
function decided({ verb, guard }: Turning, state: CaptureState): Decision<Result> {
  return { plan: planOf(verb, state), journal: false, ...(verb === 'on' && { guard }) };
}

const NOTHING = { off: 'capture is off already, and stays off', on: 'nothing is bypassed' } as const;
/** The way out waits for nobody. */
const WITHOUT_LOCK =
  'note: to turn capture off at once on the VM itself, even while a run holds the lock: sudo meshx-bypass off';

/** What turns the state into the asked one, for lock and audit. Empty when it is the asked one already. */
function planOf(verb: Turning['verb'], { bypassedSince, captured, boot }: CaptureState): Plan {
  const isOff = bypassedSince !== undefined && !captured && boot.length === 0;
  if (verb === 'off' ? isOff : bypassedSince === undefined) return { steps: [] };
  return { steps: [turningStep(verb)] };
}

function formatState(vm: string, state: CaptureState): readonly string[] {
  const { captured, missing = 0, gaveWay, older, armed, reverted, bypassedSince, boot } = state;
  return [
    `${vm}: capture is ${captured ? 'on' : 'off'}`,
    ...(missing > 0 && !gaveWay
      ? [`  another program removed ${missing} of its rules; the VM restores them: journalctl -u meshx-watch`]
      : []),
    ...(gaveWay
      ? [
          `  gave way at ${gaveWay.since} to ${gaveWay.to}, which removed its rules again and again: they stay removed`,
          '  stop what removes them, then on the VM: sudo systemctl restart meshx-capture',
        ]
      : []),
    ...(older > 0 ? [`  ${older} connections are older than capture, outside mutual TLS until they end`] : []),
    ...(armed ? [formatArmed(armed)] : []),
    ...(reverted ? [`  rolled back at ${reverted.at}: ${reverted.why} (armed by ${reverted.by})`] : []),
    ...(bypassedSince ? [`  bypassed since ${bypassedSince}; bring it back with: meshx capture ${vm} on`] : []),
    `  at boot: ${boot.length > 0 ? boot.join(', ') : 'nothing of the sidecar starts'}`,
  ];
}

function formatArmed({ by, since, until, reverting }: NonNullable<CaptureState['armed']>): string {
  if (reverting !== undefined) return `  rolling back (armed by ${by}), until every rule is gone: ${reverting}`;
  return `  armed by ${by} since ${since}: rolls back at ${until} unless it is confirmed`;
}
