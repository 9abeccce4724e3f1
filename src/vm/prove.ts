import { setMaxListeners } from 'node:events';
import type { Host } from '../host/host.ts';
import type { Proof } from './proof.ts';
import type { ProveInput } from './prove-input.ts';
import { askingOf, type Check } from './proofs/checks.ts';
import { classicChecks, clusterChecks, currentChecks } from './proofs/machine-checks.ts';
import { inwardChecks, outwardChecks } from './proofs/traffic-checks.ts';

type AskingOf = ReturnType<typeof askingOf>;

/** Checks that stand in each other's way or build on each other: one after another. */
type Chain = readonly Check[];

/**
 * Proves what setup-vm and up promise, side by side where proofs do not disturb each other, and gives them in the order of
 * the list. Each proof waits for its condition with a limit; a failed one does not stop the rest, which often says why.
 * Throws what `Host.run` throws.
 */
export async function* prove(host: Host, input: ProveInput, signal?: AbortSignal): AsyncGenerator<Proof> {
  // As many listen to it at once as there are proofs; Node.js takes more than ten for a leak and says so to the operator.
  if (signal) setMaxListeners(0, signal);
  const asking = askingOf(host, input, signal);
  for (const chains of phasesOf(input)) {
    signal?.throwIfAborted();
    const running = chains.map((chain) => proofsOf(chain, asking));
    // What is thrown while another one is waited for is met when its turn comes.
    for (const each of running) each.catch(() => undefined);
    for (const each of running) yield* await each;
  }
}

/**
 * In a current mesh all at once: capture runs only with a sidecar that is ready, and traffic counts only where Envoy's own
 * counters saw it. A classic sidecar loads its rules some time after its start, and traffic that is tried before would pass beside
 * it: there the machine is looked at first.
 */
function phasesOf(input: ProveInput): readonly (readonly Chain[])[] {
  const { cluster, workload } = input;
  const alone = (checks: readonly Check[]): readonly Chain[] => checks.map((check) => [check]);
  const seen = clusterChecks.filter(({ id }) => isAsked(id, input));
  const traffic = [...alone(seen), ...alone(outwardChecks(input)), ...inwardChecks(input)];
  if (cluster.generation === 'current') return [[...alone(currentChecks(cluster, workload)), ...traffic]];
  return [alone(classicChecks(cluster, workload)), traffic];
}

async function proofsOf(chain: Chain, asking: AskingOf): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const check of chain) proofs.push(await proofOf(check, asking));
  return proofs;
}

/** What nobody can ask is left out, not reported as skipped each time. */
function isAsked(id: string, { entry, synced }: ProveInput): boolean {
  return id === 'entry' ? entry !== undefined : synced !== undefined;
}

async function proofOf({ id, title, look }: Check, askingOf: AskingOf): Promise<Proof> {
  const asking = askingOf();
  const start = performance.now();
  const { ok, detail, hint } = await look(asking);
  const ms = Math.max(0, Math.round(performance.now() - start - asking.idle()));
  const proof: Proof = { id, title, ok, detail, ...(hint !== undefined && { hint }), ms };
  asking.input.tell?.(proof);
  return proof;
}
