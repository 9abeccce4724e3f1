import type { Host } from '../host/run/host.ts';
import type { Result } from './check.ts';
import { judgeCapture, judgeReady } from './join/control-plane.ts';
import { captureOn, sidecarReady, unitsRun } from './join/machine-checks.ts';
import { vmQuestions } from './join/vm-questions.ts';
import { group, LIMIT_MS, runChecks, type Running } from './run.ts';

/** What the machine alone can tell after its sidecar was restarted: the units run, the sidecar is ready, traffic is captured. */
export async function* readiness(host: Host, units: readonly string[], signal: AbortSignal): AsyncGenerator<Result> {
  const running: Running = { signal };
  const { ask } = vmQuestions(host, { limitMs: LIMIT_MS, signal });
  const captures = units.includes('meshx-capture.service');
  const sidecar = group([unitsRun('units-active'), sidecarReady], {
    units: () => ask('active', units),
    ready: () => ask('ready', ['istio.service']),
  });
  const capture = group([captureOn], captures ? { capture: () => ask('capture', []) } : {});
  yield* runChecks([[sidecar], [capture]], running);
}

/** How long `servesMesh` waits. */
const SHORT_MS = 5000;

/**
 * Whether the VM may have clients: its sidecar is ready, and traffic is captured. A ready sidecar without its redirection would let
 * clients speak TLS to the service itself. Captured by other means where meshx has no program of its own there.
 */
export async function servesMesh(host: Host, signal: AbortSignal): Promise<boolean> {
  const { ask } = vmQuestions(host, { limitMs: SHORT_MS, signal });
  const [ready, capture] = await Promise.all([ask('ready', ['istio.service']), ask('capture', [])]);
  const captured = capture.value.trim() === '' || judgeCapture(capture.value).ok === true;
  return judgeReady(ready.value).ok === true && captured;
}
