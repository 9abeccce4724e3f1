import { readFile, stat } from 'node:fs/promises';
import { shellFile } from '../../../src/text-files.ts';
import { sshOptions } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { takenOf } from '../joins.ts';
import { LISTENING } from '../listening.ts';
import type { Side } from '../runner.ts';
import type { Series } from '../series.ts';

const PORT = 9999;
const LIMIT_MS = 30_000;

/** What no way of doing it can be faster than: the package's bytes over the link and over ssh, and its unpacking alone. */
export const limits: Series = {
  id: 'limits',
  rounds: 5,
  open: async (bench) => {
    const vm = await bench.vms.one();
    const { size } = await stat(bench.lab.deb);
    await bench.lab.mustSsh(vm.name, 'cat > /var/tmp/package.deb', { input: await readFile(bench.lab.deb) });
    await bench.lab.mustSsh(vm.name, SINK, { input: await readFile(new URL('sink.py', import.meta.url)) });
    const pour = ['sh', '-c', 'exec ssh "$@" "cat > /dev/null" < "$0"', bench.lab.deb, ...sshOptions(bench), vm.name];
    const sides: readonly Side[] = [
      {
        id: 'link',
        take: async () => ({
          outcome: 'ok',
          ms: await bench.inside.time({ ask: 'send', address: vm.ip, port: PORT, bytes: size }),
          values: { bytes: size },
        }),
      },
      { id: 'ssh', take: async () => takenOf(await bench.inside.spawn({ argv: pour, limitMs: LIMIT_MS })) },
      { id: 'unpack', take: onVm(bench, vm.name, 'dpkg-deb -x /var/tmp/package.deb /var/tmp/unpacked') },
      { id: 'dpkg', take: onVm(bench, vm.name, 'dpkg -i /var/tmp/package.deb > /dev/null') },
    ];
    return { warmUp: true, sides, [Symbol.asyncDispose]: async () => await bench.vms.remove([vm]) };
  },
};

const TIMED = shellFile(new URL('timed.sh', import.meta.url)).text;

/** Milliseconds of a command by the machine's own clock, without ssh; before it, what the one before wrote goes to the disk. */
function onVm({ lab }: Bench, vm: string, text: string): Side['take'] {
  const script = `set -- '${text}'\n${TIMED}`;
  return async () => {
    const micros = Number(await lab.mustSsh(vm, script, { timeoutMs: LIMIT_MS }));
    return { outcome: 'ok', ms: micros / 1000 };
  };
}

const SINK = `${LISTENING}cat > /usr/local/bin/bench-sink
systemd-run --quiet --unit=bench-sink python3 /usr/local/bin/bench-sink ${PORT}
listening ${PORT} 100`;
