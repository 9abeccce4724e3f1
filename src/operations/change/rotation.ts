import { type Registry, writeRotation } from '../../cluster/registration/rotation-write.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { endSidecar, type MeshConnections, total } from '../../vm/drain.ts';
import { servesMesh } from '../../checks/readiness.ts';
import type { Verified } from './decision.ts';
import { type DrainPlan, leave } from './drain.ts';
import { phaseOf, type Run } from './run.ts';

/** Time limit for the cluster and the VM after a failure, milliseconds. */
const LAST_WORD_MS = 20_000;

/** A VM that leaves rotation before its sidecar ends, and returns after it. */
export class Rotation<Result extends Verified> {
  readonly #run: Run<Result>;
  readonly #plan: DrainPlan | undefined;
  #isOut = false;
  #left: MeshConnections | undefined;

  /** Without a plan there is nothing to drain. */
  constructor(run: Run<Result>, plan: DrainPlan | undefined) {
    this.#run = run;
    this.#plan = plan;
  }

  /** Keeps new connections away, and drains the open ones. */
  async leave(): Promise<void> {
    const { about, record } = this.#run;
    const { host, signal, decision } = about;
    const [plan, { drain }] = [this.#plan, decision];
    if (!plan || !drain) return;
    this.#isOut = drain.for === 'restart';
    if (total(plan.before) > 0) record.add({ kind: 'draining', connections: plan.before, limitMs: drain.limitMs });
    await record.during(phaseOf(this.#run, 'drain'), async () => {
      const { left, seen } = await leave(host, plan, { ...drain, signal });
      this.#left = left;
      return { seen };
    });
  }

  /** Stops a sidecar without connections. Otherwise it ends with its units. */
  async stop(): Promise<void> {
    const { about, record } = this.#run;
    await record.during(phaseOf(this.#run, 'stop'), async () => {
      if (!this.#left || total(this.#left) > 0) return { seen: [], skipped: true };
      await endSidecar(about.host, about.signal);
      return undefined;
    });
  }

  /** Only the first call has an effect. */
  async enter(): Promise<void> {
    const { about, record } = this.#run;
    const registry = about.decision.drain?.registry;
    if (!this.#isOut) return;
    if (registry)
      await record.during(phaseOf(this.#run, 'return'), async () => {
        const written = await enter(registry, about.signal);
        return { seen: written.length > 0 ? [] : ['istiod has registered the VM anew, in rotation'] };
      });
    this.#isOut = false;
  }

  /** Restores the rotation if possible, and reports it. Never throws: the caller throws the failure. */
  async afterFailure(): Promise<void> {
    const { about, record } = this.#run;
    const registry = about.decision.drain?.registry;
    if (!this.#isOut || !registry) return;
    const limit = AbortSignal.timeout(LAST_WORD_MS);
    try {
      if (await servesMesh(about.host, limit)) record.add({ kind: 'returned', changes: await enter(registry, limit) });
      else record.add({ kind: 'not-returned', reason: 'its sidecar is not ready, or captures nothing' });
    } catch (error) {
      record.add({ kind: 'not-returned', reason: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Returns the writes; none when istiod has recreated the entry. */
async function enter(registry: Registry, signal: AbortSignal): Promise<readonly string[]> {
  const { services, written } = await writeRotation(registry, 'in', signal);
  return written.length === 0
    ? []
    : [`take ${services.join(', ')} back into rotation (${written.map(showRef).join(', ')})`];
}
