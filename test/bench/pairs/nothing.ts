import { joinByAnsible } from '../alternatives/ansible.ts';
import { measuredJoin, mustJoin } from '../joins.ts';
import { runMeshx, timingsOf, upWords } from '../meshx.ts';
import { clearSeat, makeSeat } from '../seat.ts';
import type { Series } from '../series.ts';

/** A machine that each side has joined before; the same command once more. */
export const nothing: Series = {
  id: 'nothing',
  rounds: 7,
  open: async (bench) => {
    const [ours, theirs] = ['nothing-meshx', 'nothing-ansible'] as const;
    for (const namespace of [ours, theirs]) {
      await makeSeat(bench, namespace);
      await clearSeat(bench, namespace);
    }
    const [mine, other] = await bench.vms.fresh(2);
    if (!mine || !other) throw new Error('no machine was made');
    const up = upWords(bench, ours, [mine]);
    const ansible = { namespace: theirs, vms: [other] };
    mustJoin(await runMeshx(bench, up));
    mustJoin(await joinByAnsible(bench, { ...ansible, fresh: true }));
    const meshx = async () => {
      const ran = await runMeshx(bench, [...up, '--timings', '-o', 'json']);
      const timings = timingsOf(ran);
      return { ran, ...(timings && { timings }) };
    };
    return {
      warmUp: true,
      sides: [
        {
          id: 'meshx',
          take: async () => {
            let timings = {};
            const taken = await measuredJoin(bench, [mine], async () => {
              const { ran, ...more } = await meshx();
              timings = more;
              return ran;
            });
            return { ...taken, ...timings };
          },
        },
        {
          id: 'ansible',
          take: () => measuredJoin(bench, [other], () => joinByAnsible(bench, { ...ansible, fresh: false })),
        },
      ],
      [Symbol.asyncDispose]: async () => await bench.vms.remove([mine, other]),
    };
  },
};
