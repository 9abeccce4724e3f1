import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import type { Proof, Witness } from './proof.ts';
import { judgeActive, judgeCapture, judgeReady } from './proofs/control-plane.ts';
import { proofScript } from './proofs/scripts.ts';

const SECONDS = 30;

type Look = readonly [
  id: string,
  title: string,
  script: ReturnType<typeof proofScript>,
  judge: (stdout: string) => Witness,
];

/** What the machine alone can tell after its sidecar was restarted: the units run, the sidecar is ready, traffic is captured. */
export async function* readiness(host: Host, units: readonly string[], signal?: AbortSignal): AsyncGenerator<Proof> {
  const captures = units.includes('meshx-capture.service');
  const looks: readonly Look[] = [
    ['units-active', 'the units run', proofScript('active', SECONDS, units), judgeActive],
    ['sidecar-ready', 'the sidecar is ready', proofScript('ready', SECONDS, ['istio.service']), judgeReady],
    ...(captures
      ? [['capture', 'traffic is captured', proofScript('capture', SECONDS, []), judgeCapture] satisfies Look]
      : []),
  ];
  for (const [id, title, script, judge] of looks) {
    const start = performance.now();
    const { stdout } = await host.run({ ...scriptCommand(script), timeoutMs: (SECONDS + 30) * 1000 }, signal);
    yield { id, title, ...judge(stdout), ms: Math.round(performance.now() - start) };
  }
}
