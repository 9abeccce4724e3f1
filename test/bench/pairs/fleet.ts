import { joinByAnsible } from '../alternatives/ansible.ts';
import type { Bench } from '../bench.ts';
import type { Spawned } from '../inside/protocol.ts';
import { measuredJoin } from '../joins.ts';
import { runMeshx, upWords } from '../meshx.ts';
import type { Taken } from '../runner.ts';
import { clearSeat, makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';
import type { Vm } from '../vms.ts';

const SIZE = 8;

/** Eight fresh machines in one command, and then the same command with nothing to do. */
export const fleet: Series = {
  id: 'fleet-first',
  rounds: 5,
  open: async (bench) => {
    for (const side of ['meshx', 'ansible']) await makeSeat(bench, `fleet-${side}`);
    return {
      sides: [
        {
          id: 'meshx',
          take: () => both(bench, 'fleet-meshx', (vms) => runMeshx(bench, upWords(bench, 'fleet-meshx', vms))),
        },
        {
          id: 'ansible',
          take: () =>
            both(bench, 'fleet-ansible', (vms, fresh) =>
              joinByAnsible(bench, { namespace: 'fleet-ansible', vms, fresh }),
            ),
        },
      ],
      [Symbol.asyncDispose]: nothingToClose,
    };
  },
};

async function both(
  bench: Bench,
  namespace: string,
  join: (vms: readonly Vm[], fresh: boolean) => Promise<Spawned>,
): Promise<readonly Taken[]> {
  await clearSeat(bench, namespace);
  const vms = await bench.vms.fresh(SIZE);
  try {
    const first = await measuredJoin(bench, vms, () => join(vms, true));
    if (first.outcome !== 'ok') return [first];
    return [first, { ...(await measuredJoin(bench, vms, () => join(vms, false))), series: 'fleet-nothing' }];
  } finally {
    await bench.vms.remove(vms);
  }
}
