import type { Check, Result, Seen } from '../../checks/check.ts';
import { group, runChecks, timed } from '../../checks/run.ts';
import type { Host } from '../../host/run/host.ts';
import { vmProblems } from '../../problems/vm.ts';
import { closedPorts, type OpenPorts, openPorts } from '../../vm/reachability/open-ports.ts';
import type { Checks, Verification } from '../change/decision.ts';

/** Whether the captured ports of a VM accept new connections as before. */
export function portsVerification(host: Host): Verification<Result> {
  return {
    id: 'ports-open',
    title: 'Check that the captured ports accept connections as before',
    before: async (signal) => portChecks(await openPorts(host, signal)),
    problem: (failed) => {
      const ports = failed.flatMap(({ detail }) => detail.split(', '));
      return vmProblems.portsClosed({ vm: host.name, ports });
    },
  };
}

interface PortFacts {
  readonly before: OpenPorts;
  /** Ports that were open and now accept no connection, as ADDRESS:PORT. */
  readonly closed: readonly string[];
}

const portsOpen: Check<PortFacts> = {
  id: 'ports-open',
  category: 'path',
  title: 'the captured ports accept new connections as before',
  severity: 'error',
  needs: ['before', 'closed'],
  judge: (facts) => [judgePorts(facts)],
};

function judgePorts({ before: { open, unseen }, closed }: PortFacts): Seen {
  if (closed.length > 0) return { ok: false, detail: closed.join(', ') };
  if (open.length > 0) return { ok: true, detail: `${open.length} asked` };
  const why = unseen === undefined ? 'none of them can be asked from here' : `not asked from outside: ${unseen}`;
  return { ok: 'skipped', detail: why };
}

function portChecks(before: OpenPorts): Checks<Result> {
  const closed = async (): Promise<readonly string[]> =>
    (await closedPorts(before.open)).map(({ address, port }) => `${address}:${port}`);
  const checks = group([portsOpen], {
    before: () => Promise.resolve({ value: before, ms: 0 }),
    closed: () => timed(closed),
  });
  return (signal) => runChecks([[checks]], { signal });
}
