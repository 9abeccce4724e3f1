import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import type { PlannedStep } from '../reconcile/plan.ts';
import { type CaptureState, parseCaptureState } from './capture-state.ts';
import { PLACES } from './places.ts';
import { shellFile } from '../text-files.ts';

/** What meshx-bypass moved aside lies beside the files of others, and no journal knows it. */
const FORGET = shellFile(new URL('./bypass-forget.root.sh', import.meta.url));

/** Lets a VM that meshx-bypass keeps out of the mesh forget the way back; before an undo, which takes meshx-bypass away. Pure. */
export function forgetBypass(): PlannedStep {
  const script = { ...FORGET, args: [PLACES.bypass] };
  return {
    id: 'bypass',
    title: 'Clear what meshx-bypass set aside',
    changes: [{ summary: 'remove what meshx-bypass put aside', scripts: [{ script }] }],
    touches: {},
  };
}

const BYPASS = shellFile(new URL('./bypass.root.sh', import.meta.url));
const MISSING = 90;

/** `off` may wait for a resolver that starts again, `on` for the sidecar. */
const LIMIT_MS = 180_000;

type BypassVerb = 'off' | 'on' | 'status';

function bypassScript(verb: BypassVerb) {
  return { ...BYPASS, args: [PLACES.bypass, verb] };
}

/** Turns capture. As it comes back it may take a login away, so it counts as a start of the unit. Pure. */
export function turningStep(verb: 'off' | 'on'): PlannedStep {
  const summary = verb === 'off' ? 'take traffic capture away' : 'bring traffic capture back';
  const change = { summary, scripts: [{ script: bypassScript(verb), timeoutMs: LIMIT_MS }] };
  const touches = { units: ['meshx-capture.service'] };
  return { id: 'bypass', title: `Turn capture ${verb}`, changes: [change], touches };
}

/** Whether the VM captures traffic, and what keeps it from it. Only reads. Throws `bypass-missing`, `bypass-failed`. */
export async function readCapture(host: Host, signal: AbortSignal): Promise<CaptureState> {
  return parseCaptureState((await bypass(host, 'status', signal)).stdout);
}

async function bypass(host: Host, verb: BypassVerb, signal: AbortSignal) {
  const output = await host.run({ ...scriptCommand(bypassScript(verb)), timeoutMs: LIMIT_MS }, signal);
  if (output.exitCode === MISSING) throw vmProblems.bypassMissing({ vm: host.name });
  if (output.exitCode === 0) return output;
  const said = [output.stderr.trim(), output.stdout.trim()].filter((text) => text !== '').join('\n');
  throw vmProblems.bypassFailed({ vm: host.name, verb, said: said.slice(-2000) });
}
