import { type Bench, ISTIOD } from '../bench.ts';
import { mustJoin, takenOf } from '../joins.ts';
import { LISTENING } from '../listening.ts';
import { runMeshx, timingsOf } from '../meshx.ts';
import type { Side, Taken } from '../runner.ts';
import { clearSeat, makeSeat } from '../seat.ts';
import type { Series } from '../series.ts';
import type { Vm } from '../vms.ts';

const COUNTS = [1, 10, 100];
const FIRST_PORT = 20_000;
const LIMIT_MS = 240_000;

/** A run that changes nothing on machines with ever more services; round trips are counted. */
export const growthRegistered: Series = {
  id: 'growth-registered',
  rounds: 3,
  open: async (bench) => {
    const vms = await bench.vms.fresh(COUNTS.length);
    const sides: Side[] = [];
    for (const [index, count] of COUNTS.entries()) {
      const vm = vms[index];
      if (vm) sides.push({ id: String(count), take: await joined(bench, vm, count) });
    }
    return { sides, warmUp: true, [Symbol.asyncDispose]: async () => await bench.vms.remove(vms) };
  },
};

/** Takes the machine in with as many services, which listen on ports of one program. */
async function joined(bench: Bench, vm: Vm, count: number): Promise<Side['take']> {
  const namespace = `registered-${count}`;
  await makeSeat(bench, namespace);
  await clearSeat(bench, namespace);
  await bench.lab.mustSsh(vm.name, LISTEN, { input: program(count) });
  const services = Array.from({ length: count }, (_, index) => `--service=s${index}:tcp:${FIRST_PORT + index}`);
  const words = ['up', vm.name, '-n', namespace, '--workload-group', 'many', ...services];
  const world = ['--package', bench.lab.deb, '--istiod-address', ISTIOD, '--yes', '--timings', '-o', 'json'];
  const up = async () => await runMeshx(bench, [...words, ...world], LIMIT_MS);
  mustJoin(await up());
  return async (): Promise<Taken> => {
    const ran = await up();
    const roundTrips = timingsOf(ran)?.roundTrips;
    return takenOf(ran, roundTrips === undefined ? {} : { roundTrips });
  };
}

const LISTEN = `${LISTENING}cat > /usr/local/bin/bench-listen; chmod 755 /usr/local/bin/bench-listen
systemd-run --quiet --unit=bench-listen /usr/local/bin/bench-listen
listening ${FIRST_PORT} 100`;

/** Answers a line to each connection. */
const program = (count: number): string => `#!/usr/bin/python3
import asyncio
async def answer(reader, writer):
    await reader.read(1)
    writer.write(b"here\\n")
    await writer.drain()
    writer.close()
async def main():
    for port in range(${FIRST_PORT}, ${FIRST_PORT + count}):
        await asyncio.start_server(answer, "0.0.0.0", port)
    await asyncio.Event().wait()
asyncio.run(main())
`;
