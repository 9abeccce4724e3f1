import type { Host } from '../../host/host.ts';
import { vmProblems } from '../../problems/vm.ts';
import { closedPorts, openPorts } from '../../vm/open-ports.ts';
import type { Proof } from '../../vm/proof.ts';
import type { Checks, Verification } from '../change/decision.ts';

/** Whether the captured ports of a VM take new connections as before. */
export function portsVerification(host: Host): Verification<Proof> {
  return {
    id: 'ports-open',
    title: 'Check that the captured ports accept connections as before',
    before: (signal) => portChecks(host, signal),
    problem: (failed) => {
      const ports = failed.flatMap(({ detail }) => detail.split(', '));
      return vmProblems.portsClosed({ vm: host.name, ports });
    },
  };
}

async function portChecks(host: Host, signal: AbortSignal): Promise<Checks<Proof>> {
  const { open, unseen } = await openPorts(host, signal);
  const about = { id: 'ports-open', title: 'the captured ports accept new connections as before' };
  return async function* () {
    if (open.length === 0) {
      const why = unseen === undefined ? 'none of them can be asked from here' : `not asked from outside: ${unseen}`;
      return yield { ...about, ok: 'skipped', detail: why, ms: 0 };
    }
    const start = performance.now();
    const closed = (await closedPorts(open)).map(({ address, port }) => `${address}:${port}`);
    const detail = closed.length > 0 ? closed.join(', ') : `${open.length} asked`;
    yield { ...about, ok: closed.length === 0, detail, ms: Math.round(performance.now() - start) };
  };
}
