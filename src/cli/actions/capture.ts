import type { Host } from '../../host/host.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { lockProblems } from '../../problems/lock.ts';
import { isEmpty, type Plan } from '../../reconcile/plan.ts';
import { readCapture, turnCapture, turningStep } from '../../vm/bypass.ts';
import type { CaptureState } from '../../vm/capture-state.ts';
import { changing, type Decided } from '../changing.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { Input } from '../input.ts';
import { confirmWithin, holdSwitch, type SwitchWords, switchWords } from '../join/switch.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';

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
  const lookedAt = performance.now();
  let state = await readCapture(host, world.signal);
  if (verb !== 'status') {
    const words = switchWords(world, { within, login });
    await turned(host, { call, vm, verb, words, lookedAt }, state);
    state = await readCapture(host, world.signal);
  }
  terminal.out(output === 'text' ? formatState(vm, state) : formatDocument({ vm, ...state }, output));
}

interface Turning {
  readonly call: Call;
  readonly vm: string;
  readonly verb: Exclude<Verb, 'status'>;
  readonly words: SwitchWords;
  readonly lookedAt: number;
}

/** Changes the VM as any other command: under its lock, with a line in its audit. */
async function turned(host: Host, turning: Turning, found: CaptureState): Promise<void> {
  const { call, vm, verb, lookedAt } = turning;
  const { world, terminal } = call;
  const due = (state: CaptureState): Decided => ({ plan: planOf(verb, state) });
  const command = commandWords('capture', call, vm, verb);
  const about = {
    ...{ world, command, again: typedLine('capture', call, vm, verb), lookedAt },
    look: async (signal: AbortSignal) => due(await readCapture(host, signal)),
  };
  try {
    await changing(host, about, due(found), async ({ plan }, signal) => {
      if (isEmpty(plan)) return terminal.err(`${vm}: ${NOTHING[verb]}`);
      if (verb === 'off') terminal.err((await turnCapture(host, verb, signal)).split('\n'));
      else await bringBack(host, turning, signal);
    });
  } catch (error) {
    if (verb === 'off' && error instanceof Problem && error.id === lockProblems.locked.id) terminal.err(WITHOUT_LOCK);
    throw error;
  }
}

const NOTHING = { off: 'capture is off already, and stays off', on: 'nothing is bypassed' } as const;
/** The way out waits for nobody. */
const WITHOUT_LOCK =
  'note: on the VM itself capture is taken away at once, whoever holds the lock, by: sudo meshx-bypass off';

/** What turns the state into the asked one, for lock and audit. Empty when it is the asked one already. */
function planOf(verb: Turning['verb'], { bypassedSince, captured, boot }: CaptureState): Plan {
  const isOff = bypassedSince !== undefined && !captured && boot.length === 0;
  if (verb === 'off' ? isOff : bypassedSince === undefined) return { steps: [] };
  return { steps: [turningStep(verb)] };
}

/** Capture that comes back may take a login away as one that starts: under the dead-man switch. */
async function bringBack(host: Host, { call, vm, words }: Turning, signal: AbortSignal): Promise<void> {
  const say = call.terminal.err;
  const deadMan = await holdSwitch({ vm, host, words, again: typedLine('capture', call, vm, 'on'), say, signal });
  await deadMan.arm();
  try {
    say((await turnCapture(host, 'on', signal)).split('\n'));
    await deadMan.confirm();
  } catch (error) {
    throw await deadMan.goBack(error, []);
  }
}

function formatState(vm: string, state: CaptureState): readonly string[] {
  const { captured, missing = 0, older, armed, reverted, bypassedSince, boot } = state;
  return [
    `${vm}: capture is ${captured ? 'on' : 'off'}`,
    ...(missing > 0
      ? [`  another program removed ${missing} of its rules; the VM restores them: journalctl -u meshx-watch`]
      : []),
    ...(older > 0 ? [`  ${older} connections are older than capture, outside mutual TLS until they end`] : []),
    ...(armed ? [formatArmed(armed)] : []),
    ...(reverted ? [`  went back at ${reverted.at}: ${reverted.why} (armed by ${reverted.by})`] : []),
    ...(bypassedSince ? [`  bypassed since ${bypassedSince}; bring it back with: meshx capture ${vm} on`] : []),
    `  at boot: ${boot.length > 0 ? boot.join(', ') : 'nothing of the sidecar starts'}`,
  ];
}

function formatArmed({ by, since, until, reverting }: NonNullable<CaptureState['armed']>): string {
  if (reverting !== undefined) return `  rolling back (armed by ${by}), until every rule is gone: ${reverting}`;
  return `  armed by ${by} since ${since}: rolls back at ${until} unless it is confirmed`;
}
