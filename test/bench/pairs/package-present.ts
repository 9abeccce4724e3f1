import { shellFile } from '../../../src/text-files.ts';
import { readFile } from 'node:fs/promises';
import type { Bench } from '../bench.ts';
import { measuredJoin } from '../joins.ts';
import { runMeshx, upInstalledWords } from '../meshx.ts';
import type { Taken } from '../runner.ts';
import { clearSeat, makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';
import type { Vm } from '../vms.ts';

const NAMESPACE = 'package-present';
const LIMIT_MS = 60_000;

/** A machine that has the package and nothing else; then, on the same machine, the sidecar alone starts again. */
export const packagePresent: Series = {
  id: 'package-present',
  rounds: 5,
  open: async (bench) => {
    await makeSeat(bench, NAMESPACE);
    return { sides: [{ id: 'meshx', take: () => both(bench) }], [Symbol.asyncDispose]: nothingToClose };
  },
};

async function both(bench: Bench): Promise<readonly Taken[]> {
  await clearSeat(bench, NAMESPACE);
  const vm = await bench.vms.one();
  try {
    await install(bench, vm);
    const joined = await measuredJoin(bench, [vm], () => runMeshx(bench, upInstalledWords(NAMESPACE, [vm])));
    if (joined.outcome !== 'ok') return [joined];
    return [joined, { outcome: 'ok', ms: await envoyAlone(bench, vm), side: 'envoy' }];
  } finally {
    await bench.vms.remove([vm]);
  }
}

async function install({ lab }: Bench, { name }: Vm): Promise<void> {
  const put =
    'cat > /var/tmp/istio-sidecar.deb && dpkg -i /var/tmp/istio-sidecar.deb && rm /var/tmp/istio-sidecar.deb && sync';
  await lab.mustSsh(name, put, { input: await readFile(lab.deb), timeoutMs: LIMIT_MS });
}

/** Starts the sidecar without a certificate, with a token as the join had it, and nothing beside it. Milliseconds. */
async function envoyAlone({ lab }: Bench, { name }: Vm): Promise<number> {
  const token = await lab.kubectl(['-n', NAMESPACE, 'create', 'token', 'db', '--audience', 'istio-ca']);
  return Number(await lab.mustSsh(name, ALONE, { input: token.trim(), timeoutMs: LIMIT_MS }));
}

/** Prints the milliseconds. */
const ALONE = shellFile(new URL('envoy-alone.sh', import.meta.url)).text;
