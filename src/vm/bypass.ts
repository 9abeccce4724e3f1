import type { Host } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import type { PlannedStep } from '../reconcile/plan.ts';
import { type CaptureState, parseCaptureState } from './capture-state.ts';
import { PLACES } from './places.ts';
import { shellFile } from '../text-files.ts';

const FORGET = shellFile(new URL('./bypass-forget.root.sh', import.meta.url));

/** Clears what meshx-bypass set aside, which the journal does not have; before an undo, which removes meshx-bypass. Pure. */
export function forgetBypass(): PlannedStep {
  const script = { ...FORGET, args: [PLACES.bypass] };
  return {
    id: 'bypass',
    title: 'Clear what meshx-bypass set aside',
    changes: [{ summary: 'remove what meshx-bypass set aside', scripts: [{ script }] }],
    touches: {},
  };
}

const BYPASS = shellFile(new URL('./bypass.root.sh', import.meta.url));
const MISSING = 90;

/** `off` may wait for a resolver to start, `on` for the sidecar. */
const LIMIT_MS = 180_000;

/** Turns capture on or off. Turning it on may break a login, so it counts as a start of the unit. Pure. */
export function turningStep(verb: 'off' | 'on'): PlannedStep {
  const script = { ...BYPASS, args: [PLACES.bypass, verb] };
  const change = { summary: `turn traffic capture ${verb}`, scripts: [{ script, timeoutMs: LIMIT_MS }] };
  const touches = { units: ['meshx-capture.service'] };
  return { id: 'bypass', title: `Turn capture ${verb}`, changes: [change], touches };
}

/** Loads rules that another program removed. Pure. */
export function loadingStep(): PlannedStep {
  const script = { ...BYPASS, args: [PLACES.bypass, 'load'] };
  const change = { summary: 'load the rules of capture again', scripts: [{ script, timeoutMs: LIMIT_MS }] };
  return { id: 'bypass', title: 'Load the rules', changes: [change], touches: { units: ['meshx-capture.service'] } };
}

/** Whether the VM captures traffic, and if not, why. Read-only. Throws `bypass-missing`, `bypass-failed`. */
export async function readCapture(host: Host, signal: AbortSignal): Promise<CaptureState> {
  const output = await runScript(host, BYPASS, [PLACES.bypass, 'status'], { signal, timeoutMs: LIMIT_MS });
  if (output.exitCode === MISSING) throw vmProblems.bypassMissing({ vm: host.name });
  if (output.exitCode === 0) return parseCaptureState(output.stdout);
  const said = [output.stderr.trim(), output.stdout.trim()].filter((text) => text !== '').join('\n');
  throw vmProblems.bypassFailed({ vm: host.name, verb: 'status', said: said.slice(-2000) });
}
