import { setTimeout as delay } from 'node:timers/promises';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import type { World } from '../../world.ts';
import { checkMesh } from '../check/check.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { MeshStatus } from '../status/mesh-status.ts';
import { meshStatus } from '../status/status.ts';
import { certificateEnds, rootEnd } from './certificate-ends.ts';
import type { UiServer } from './server.ts';
import { uiChecks, uiVms } from './states.ts';
import type { UiState, UiVm } from './ui-state.ts';

export interface UiOptions {
  readonly cluster: ClusterOptions;
  /** To ask VMs for their certificates; absent if only the cluster is read. */
  readonly machine?: MachineOptions;
  readonly namespace?: string;
  readonly vms: readonly string[];
  /** Milliseconds between readings of the cluster. */
  readonly intervalMs: number;
}

/** Checks and certificates are read more seldom, in milliseconds. */
const SELDOM_MS = 60_000;
/** How often a server without an open page looks for one, in milliseconds. */
const IDLE_MS = 200;

/** Reads the mesh again and again while a page is open, and shows each state, until the run is stopped. Only reads. */
export async function watchMesh(
  world: World,
  options: UiOptions,
  server: Pick<UiServer, 'show' | 'watchers'>,
): Promise<void> {
  const quiet = { ...world, note: () => undefined };
  let state: UiState = { meshx: world.version, cluster: '', vms: [], notes: [] };
  let seldom = Number.NEGATIVE_INFINITY;
  let certificates: ReadonlyMap<string, UiVm['certificate']> = new Map();
  const show = (change: Partial<UiState>): void => {
    const { problem: _former, ...kept } = state;
    server.show((state = { ...kept, ...change }));
  };
  // Once before a page opens, so that the first one is filled at once.
  for (let first = true; !world.signal.aborted; first = false) {
    if (!first && server.watchers === 0 && (await paused(IDLE_MS, world))) continue;
    await attempt(world, show, async () => {
      const status = await meshStatus(quiet, options);
      show(stateOf(status, certificates));
      if (performance.now() - seldom < SELDOM_MS) return;
      seldom = performance.now();
      show(await readSeldom(quiet, options));
      if (!options.machine) return;
      certificates = await certificateEnds(
        world,
        options.machine,
        state.vms.filter(({ hasSidecar }) => hasSidecar),
      );
      show(stateOf(status, certificates));
    });
    await paused(options.intervalMs, world);
  }
}

function stateOf(status: MeshStatus, certificates: ReadonlyMap<string, UiVm['certificate']>): Partial<UiState> {
  const { cluster, at, notes, istiod } = status;
  return { cluster, at, notes, vms: uiVms(status, certificates), ...present({ istiod }) };
}

async function readSeldom(world: World, options: UiOptions): Promise<Partial<UiState>> {
  const { cluster, namespace } = options;
  const { kube, facts } = await openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace);
  const [rootUntil, report] = await Promise.all([
    rootEnd(kube, facts.istioNamespace, world.signal),
    checkMesh(world, { cluster, vms: [], only: [], accepted: [], kubectlOptions: [], ...present({ namespace }) }),
  ]);
  return { ...present({ rootUntil }), checks: uiChecks(report, world.now()) };
}

/** A failed reading is shown, and the next one may succeed. */
async function attempt(
  world: World,
  show: (change: Partial<UiState>) => void,
  read: () => Promise<void>,
): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (world.signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    show({ problem: { message: error.message, hint: error.hint } });
  }
}

/** Always true, for a loop that goes on; a stopped run ends the pause. */
async function paused(ms: number, { signal }: World): Promise<true> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  return true;
}
