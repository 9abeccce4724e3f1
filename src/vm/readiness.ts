import type { Host } from '../host/host.ts';
import type { Proof, Witness } from './proof.ts';
import { judgeActive, judgeCapture, judgeReady } from './proofs/control-plane.ts';
import { Questions } from './proofs/questions.ts';
import type { Question } from './proofs/scripts.ts';

const LIMIT_MS = 30_000;

type Look = readonly [id: string, title: string, question: Question, judge: (stdout: string) => Witness];

/** What the machine alone can tell after its sidecar was restarted: the units run, the sidecar is ready, traffic is captured. */
export async function* readiness(host: Host, units: readonly string[], signal?: AbortSignal): AsyncGenerator<Proof> {
  const captures = units.includes('meshx-capture.service');
  const looks: readonly Look[] = [
    ['units-active', 'the units run', { name: 'active', words: units }, judgeActive],
    ['sidecar-ready', 'the sidecar is ready', { name: 'ready', words: ['istio.service'] }, judgeReady],
    ...(captures
      ? [['capture', 'traffic is captured', { name: 'capture', words: [] }, judgeCapture] satisfies Look]
      : []),
  ];
  const questions = new Questions({ limitMs: LIMIT_MS, signal });
  for (const [id, title, question, judge] of looks) {
    const start = performance.now();
    const { stdout } = await questions.ask(host, question);
    yield { id, title, ...judge(stdout), ms: Math.round(performance.now() - start) };
  }
}

/** How long `servesMesh` waits. */
const SHORT_MS = 5000;

/**
 * Whether the VM may have clients: its sidecar is ready, and traffic is captured. A ready sidecar without its redirection would let
 * clients speak TLS to the service itself. Captured by other means where meshx has no program of its own there.
 */
export async function servesMesh(host: Host, signal: AbortSignal): Promise<boolean> {
  const questions = new Questions({ limitMs: SHORT_MS, signal });
  const [ready, capture] = await Promise.all([
    questions.ask(host, { name: 'ready', words: ['istio.service'] }),
    questions.ask(host, { name: 'capture', words: [] }),
  ]);
  const captured = capture.stdout.trim() === '' || judgeCapture(capture.stdout).ok;
  return judgeReady(ready.stdout).ok && captured;
}
