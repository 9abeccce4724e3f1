import type { Workload } from '../../mesh/workload.ts';
import { unredirected } from '../../mesh/probe.ts';
import type { Check, Result } from '../check.ts';
import { judgeAll } from '../judge.ts';
import { type ProbedMachine, probeFault } from '../probe-way.ts';

interface ProbeFacts {
  readonly probe: NonNullable<Workload['probe']>;
  readonly machine: ProbedMachine;
}

const CHECK: Check<ProbeFacts> = {
  id: 'probe-way',
  category: 'service',
  title: "the sidecar's readiness probe can tell whether the service runs",
  severity: 'error',
  needs: ['probe', 'machine'],
  judge: ({ probe, machine }) => {
    const fault = probeFault(probe, machine);
    if (fault === undefined) return [];
    const hint =
      'Leave --no-agent out, as the agent reaches every address of the VM; or let the service listen on all addresses (MariaDB: bind-address=0.0.0.0).';
    return [{ ok: false, detail: `${fault[0]?.toUpperCase()}${fault.slice(1)}.`, hint }];
  },
};

/** Judges the probe that the join writes to the VM, as pilot-agent runs it there. Pure. */
export function judgeProbe({ probe }: Workload, machine: ProbedMachine): readonly Result[] {
  return probe ? judgeAll([CHECK], { probe: unredirected(probe), machine }) : [];
}
