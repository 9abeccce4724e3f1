import type { Bench } from './bench.ts';
import type { Spawned } from './inside/protocol.ts';
import type { Values } from './record.ts';
import type { Taken } from './runner.ts';
import { clearSeat } from './seat.ts';
import { type Vm, wireBytes } from './vms.ts';

/** How one side takes machines into the mesh. */
export interface Joiner {
  readonly namespace: string;
  readonly join: (vms: readonly Vm[]) => Promise<Spawned>;
}

/** Fresh machines, an empty namespace, and one join of all of them; then they go. */
export async function joinFresh(bench: Bench, count: number, { namespace, join }: Joiner): Promise<Taken> {
  await clearSeat(bench, namespace);
  const vms = await bench.vms.fresh(count);
  try {
    return await measuredJoin(bench, vms, () => join(vms));
  } finally {
    await bench.vms.remove(vms);
  }
}

/** One join of machines that are there, with the bytes on their cables and the memory that it took. */
export async function measuredJoin(bench: Bench, vms: readonly Vm[], join: () => Promise<Spawned>): Promise<Taken> {
  const before = await allBytes(bench, vms);
  const ran = await join();
  const after = await allBytes(bench, vms);
  const wire = { bytesTo: after.to - before.to, bytesFrom: after.from - before.from };
  return takenOf(ran, wire);
}

async function allBytes({ lab }: Bench, vms: readonly Vm[]): Promise<{ to: number; from: number }> {
  const all = await Promise.all(vms.map(async ({ name }) => await wireBytes(lab, name)));
  return all.reduce((sum, { to, from }) => ({ to: sum.to + to, from: sum.from + from }), { to: 0, from: 0 });
}

/** A sample of a program that ran. */
export function takenOf(ran: Spawned, more: Values = {}): Taken {
  const { ms, exitCode, peakKib } = ran;
  const values = { ...more, ...(peakKib !== undefined && { peakKib }) };
  const known = { ms, ...(Object.keys(values).length > 0 && { values }) };
  if (exitCode === 0) return { ...known, outcome: 'ok' };
  return { ...known, outcome: exitCode === undefined ? 'limit' : 'failed', detail: lastWords(ran) };
}

/** For a join that a series needs. Throws its output when it fails. */
export function mustJoin(ran: Spawned): void {
  if (ran.exitCode !== 0) throw new Error(`the join ended with ${ran.exitCode}: ${lastWords(ran)}`);
}

/** The end of what a program said: of its Problem when it is meshx, without the timings. */
function lastWords({ stdout, stderr }: Spawned): string {
  const said = stderr.split('\n').filter((line) => !line.startsWith('{"timings":'));
  const problem = said.findIndex((line) => line.startsWith('meshx: '));
  return problem < 0 ? `${stdout}${said.join('\n')}`.slice(-1000) : said.slice(problem).join('\n').slice(0, 1000);
}
