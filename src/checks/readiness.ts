import type { Host } from '../host/run/host.ts';
import type { Result } from './check.ts';
import { judgeCapture, judgeReady } from './join/control-plane.ts';
import { captureOn, sidecarReady, unitsRun } from './join/machine-checks.ts';
import { vmQuestions } from './join/vm-questions.ts';
import { LIMIT_MS, runChecks } from './run.ts';

/** Checks on the VM after its sidecar was restarted: the units run, the sidecar is ready, traffic is captured. */
export async function* readiness(host: Host, units: readonly string[], signal: AbortSignal): AsyncGenerator<Result> {
  const { ask } = vmQuestions(host, { limitMs: LIMIT_MS, signal });
  const capture = units.includes('meshx-capture.service') ? [captureOn(ask)] : [];
  yield* runChecks([[unitsRun(ask, 'units-active', units), sidecarReady(ask)], capture], { signal });
}

/** How long `servesMesh` waits. */
const SHORT_MS = 5000;

/**
 * Whether the VM may have clients: its sidecar is ready and traffic is captured. Without capture, clients would speak TLS to the
 * service itself. Without a capture program of meshx, the package captures.
 */
export async function servesMesh(host: Host, signal: AbortSignal): Promise<boolean> {
  const { ask } = vmQuestions(host, { limitMs: SHORT_MS, signal });
  const [ready, capture] = await Promise.all([ask('ready', ['istio.service']), ask('capture', [])]);
  const captured = capture.value.trim() === '' || judgeCapture(capture.value).ok === true;
  return judgeReady(ready.value).ok === true && captured;
}
