import { sshOptions } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { takenOf } from '../joins.ts';
import type { Side } from '../runner.ts';
import type { Series } from '../series.ts';
import type { Question } from '../inside/protocol.ts';

const LIMIT_MS = 20_000;

/** One command on a machine: by meshx's SshHost within a process that runs, as a whole process, and by ssh. */
export const command: Series = {
  id: 'command',
  rounds: 15,
  open: async (bench) => {
    const vm = await bench.vms.one();
    const asked = (ask: 'cold' | 'open'): Side['take'] => timed(bench, { ask, vm: vm.name });
    const spawned =
      (argv: readonly string[]): Side['take'] =>
      async () =>
        takenOf(await bench.inside.spawn({ argv, limitMs: LIMIT_MS }));
    return {
      warmUp: true,
      sides: [
        { id: 'cold', take: asked('cold') },
        { id: 'ssh', take: spawned(['ssh', ...sshOptions(bench), vm.name, 'true']) },
        { id: 'open', take: asked('open') },
        { id: 'process', take: spawned([process.execPath, bench.inside.oneCommand, vm.name]) },
      ],
      [Symbol.asyncDispose]: async () => await bench.vms.remove([vm]),
    };
  },
};

/** A sample of what the process at the operator's seat measures itself. */
export function timed({ inside }: Bench, question: Exclude<Question, { ask: 'spawn' }>): Side['take'] {
  return async () => ({ outcome: 'ok', ms: await inside.time(question) });
}
