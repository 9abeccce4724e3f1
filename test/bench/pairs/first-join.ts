import { joinByAnsible } from '../alternatives/ansible.ts';
import { joinByIstioctl } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { joinFresh } from '../joins.ts';
import { runMeshx, timingsOf, upWords } from '../meshx.ts';
import type { Side, Taken } from '../runner.ts';
import { makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';

/** A machine that no one has met is taken into a STRICT namespace. */
export const firstJoin: Series = {
  id: 'first-join',
  rounds: 7,
  open: async (bench, quick) => {
    for (const side of ['meshx', 'istioctl', 'ansible']) await makeSeat(bench, `first-${side}`);
    const sides: readonly Side[] = [
      { id: 'meshx', take: async () => await byMeshx(bench, 'first-meshx') },
      { id: 'istioctl', take: async () => await byIstioctl(bench, false) },
      { id: 'istioctl-master', take: async () => await byIstioctl(bench, true) },
      { id: 'ansible', take: async () => await byAnsible(bench) },
    ];
    return { sides: quick ? sides.slice(0, 2) : sides, [Symbol.asyncDispose]: nothingToClose };
  },
};

/** The same in a PERMISSIVE namespace, where the check waits for the silence of a database that speaks first. */
export const firstJoinPermissive: Series = {
  id: 'first-join-permissive',
  rounds: 3,
  open: async (bench) => {
    await makeSeat(bench, 'first-permissive', 'PERMISSIVE');
    const risk = ['--accept-risk', 'outside-client-hangs'];
    const sides = [{ id: 'meshx', take: async () => await byMeshx(bench, 'first-permissive', risk) }];
    return { sides, [Symbol.asyncDispose]: nothingToClose };
  },
};

async function byMeshx(bench: Bench, namespace: string, more: readonly string[] = []): Promise<Taken> {
  let timings: Taken['timings'];
  const taken = await joinFresh(bench, 1, {
    namespace,
    join: async (vms) => {
      const ran = await runMeshx(bench, [...upWords(bench, namespace, vms), ...more, '--timings', '-o', 'json']);
      timings = timingsOf(ran);
      return ran;
    },
  });
  return { ...taken, ...(timings && { timings }) };
}

async function byIstioctl(bench: Bench, master: boolean): Promise<Taken> {
  const namespace = 'first-istioctl';
  return await joinFresh(bench, 1, {
    namespace,
    join: async ([vm]) => {
      if (!vm) throw new Error('no machine was made');
      return await joinByIstioctl(bench, { namespace, vm, master });
    },
  });
}

async function byAnsible(bench: Bench): Promise<Taken> {
  const namespace = 'first-ansible';
  return await joinFresh(bench, 1, {
    namespace,
    join: async (vms) => await joinByAnsible(bench, { namespace, vms, fresh: true }),
  });
}
