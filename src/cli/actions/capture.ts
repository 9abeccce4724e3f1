import type { Host } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import { cliProblems } from '../../problems/cli.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Runtime } from '../../runtime.ts';
import { type CaptureState, parseCaptureState } from '../../vm/capture-state.ts';
import { PLACES } from '../../vm/places.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { confirmWithin, holdSwitch, switchWords } from '../join/switch.ts';
import { machineInput, openMachine } from '../machine.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';

const VERBS = ['off', 'on', 'status'] as const;
type Verb = (typeof VERBS)[number];

/** `off` may wait for a resolver that starts again, `on` for the sidecar. */
const LIMIT_MS = 180_000;

/** `meshx capture VM off|on|status`: what meshx-bypass does on the machine, over SSH. */
export async function capture(call: Call): Promise<void> {
  const { runtime, args } = call;
  const [vm = '', word = ''] = args;
  const input = new Input('capture', call);
  const machine = machineInput(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const within = confirmWithin(input);
  const verb = VERBS.find((each) => each === word);
  if (!verb) input.issue(`<verb>: ${JSON.stringify(word.slice(0, 80))} is not one of ${VERBS.join(', ')}`);
  if (machine.root !== undefined) input.issue('--root: nothing is captured in an image');
  input.accept();
  if (!verb) throw cliProblems.invalidInput({ command: 'capture', issues: [] });

  const login = () => openMachine(runtime, machine, vm);
  await using host = await login();
  if (verb === 'off') runtime.err(await bypass(host, verb, runtime.signal));
  if (verb === 'on') await bringBack(host, { runtime, vm, words: switchWords(runtime, { within, login }) });
  const state = parseCaptureState(await bypass(host, 'status', runtime.signal));
  runtime.out(output === 'text' ? formatState(vm, state) : formatDocument({ vm, ...state }, output));
}

interface Bringing {
  readonly runtime: Runtime;
  readonly vm: string;
  readonly words: ReturnType<typeof switchWords>;
}

/** Capture that comes back may take a login away as one that starts: under the dead-man switch. */
async function bringBack(host: Host, { runtime, vm, words }: Bringing): Promise<void> {
  const { err: say, signal } = runtime;
  const again = `meshx capture ${vm} on`;
  const state = parseCaptureState(await bypass(host, 'status', signal));
  if (state.bypassedSince === undefined) return say(`${vm}: nothing is bypassed`);
  const deadMan = await holdSwitch({ vm, host, words, again, say, signal });
  await deadMan.arm();
  try {
    say(await bypass(host, 'on', signal));
    await deadMan.confirm();
  } catch (error) {
    throw await deadMan.goBack(error, []);
  }
}

const BYPASS = 'test -x "$1" || exit 90; exec "$1" "$2"';
const MISSING = 90;

async function bypass(host: Host, verb: Verb, signal: AbortSignal): Promise<string> {
  const command = scriptCommand({ name: 'bypass', text: BYPASS, args: [PLACES.bypass, verb] });
  const { exitCode, stdout, stderr } = await host.run({ ...command, timeoutMs: LIMIT_MS }, signal);
  if (exitCode === MISSING) throw vmProblems.bypassMissing({ vm: host.name });
  const said = [stderr.trim(), stdout.trim()].filter((text) => text !== '').join('\n');
  if (exitCode !== 0) throw vmProblems.bypassFailed({ vm: host.name, verb, said: said.slice(-2000) });
  return verb === 'status' ? stdout : said;
}

function formatState(vm: string, state: CaptureState): string {
  const { captured, older, armed, reverted, bypassedSince, boot } = state;
  return [
    `${vm}: capture is ${captured ? 'on' : 'off'}`,
    ...(older > 0 ? [`  ${older} connections are older than capture, outside mutual TLS until they end`] : []),
    ...(armed
      ? [`  armed by ${armed.by} since ${armed.since}: goes back at ${armed.until} unless it is confirmed`]
      : []),
    ...(reverted ? [`  went back at ${reverted.at}: ${reverted.why} (armed by ${reverted.by})`] : []),
    ...(bypassedSince ? [`  bypassed since ${bypassedSince}; bring it back with: meshx capture ${vm} on`] : []),
    `  at boot: ${boot.length > 0 ? boot.join(', ') : 'nothing of the sidecar starts'}`,
  ].join('\n');
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [BYPASS];
