import type { Host } from '../host/host.ts';
import type { Proof } from './proof.ts';
import type { ProveInput } from './prove-input.ts';
import { type Asking, askingOf, type Check } from './proofs/checks.ts';
import { classicChecks, clusterChecks, currentChecks } from './proofs/machine-checks.ts';
import { inwardChecks, outwardChecks } from './proofs/traffic-checks.ts';

/**
 * Proves, one by one, what setup-vm and up promise. Each proof waits for its condition with a limit; a failed one does not
 * stop the rest, which often says why. Throws what `Host.run` throws.
 */
export async function* prove(host: Host, input: ProveInput, signal?: AbortSignal): AsyncGenerator<Proof> {
  const asking = askingOf(host, input, signal);
  for (const check of checksOf(input)) {
    signal?.throwIfAborted();
    yield await proofOf(check, asking);
  }
}

function checksOf(input: ProveInput): readonly Check[] {
  const { cluster, workload } = input;
  const machine =
    cluster.generation === 'current' ? currentChecks(cluster, workload) : classicChecks(cluster, workload);
  return [
    ...machine,
    ...clusterChecks.filter(({ id }) => isAsked(id, input)),
    ...outwardChecks(input),
    ...inwardChecks(input),
  ];
}

/** What nobody can ask is left out, not reported as skipped each time. */
function isAsked(id: string, { entry, synced }: ProveInput): boolean {
  return id === 'entry' ? entry !== undefined : synced !== undefined;
}

async function proofOf({ id, title, look }: Check, asking: Asking): Promise<Proof> {
  const start = performance.now();
  const { ok, detail, hint } = await look(asking);
  return { id, title, ok, detail, ...(hint !== undefined && { hint }), ms: Math.round(performance.now() - start) };
}
