import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../lab/command.ts';
import { sshOptions } from '../alternatives/istioctl.ts';
import { takenOf } from '../joins.ts';
import type { Taken } from '../runner.ts';
import type { Series } from '../series.ts';
import { timed } from './command.ts';

const BYTES = 50_000_000;
const TO = '/var/tmp/bench-copy';
const LIMIT_MS = 60_000;

/** 50 MB that cannot be compressed, to the disk of a machine. Each copy is compared with the file, outside the measured time. */
export const copy: Series = {
  id: 'copy',
  rounds: 9,
  open: async (bench) => {
    const vm = await bench.vms.one();
    const from = join(bench.folder, 'copy.bin');
    await writeFile(from, randomBytes(BYTES));
    const [sum = ''] = (await must(['sha256sum', from])).split(' ');
    const checked = async (taken: Taken): Promise<Taken> => {
      const [there = ''] = (await bench.lab.mustSsh(vm.name, `sha256sum ${TO}; rm ${TO}; sync`)).split(' ');
      return there === sum ? taken : { ...taken, outcome: 'failed', detail: 'the copy differs' };
    };
    const meshx = timed(bench, { ask: 'copy', vm: vm.name, from, to: TO });
    const scp = ['scp', '-q', ...sshOptions(bench), from, `${vm.name}:${TO}`];
    return {
      warmUp: true,
      sides: [
        { id: 'meshx', take: async () => await checked((await meshx()) as Taken) },
        {
          id: 'scp',
          take: async () => await checked(takenOf(await bench.inside.spawn({ argv: scp, limitMs: LIMIT_MS }))),
        },
      ],
      [Symbol.asyncDispose]: async () => await bench.vms.remove([vm]),
    };
  },
};
