import type { Host, Output } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { valuesOf } from './key-values.ts';
import { PROXY_USER } from './places.ts';
import { shellFile } from '../text-files.ts';

/** TCP connections through the sidecar, without its own to istiod. */
export interface MeshConnections {
  /** From clients to this VM. */
  readonly inward: number;
  /** From programs of this VM to others. */
  readonly outward: number;
}

/** What the sidecar knows before the VM is taken out of rotation. */
export interface BeforeDrain extends MeshConnections {
  /** Services for which the VM's own sidecar sees the VM as an endpoint, so it will see istiod drop it. */
  readonly seen: readonly string[];
  /** Configuration updates from istiod so far. */
  readonly updates: number;
}

export interface DrainOptions {
  readonly before: BeforeDrain;
  readonly addresses: readonly string[];
  /** Hosts that were taken out of rotation, `mysqldb.vm`; empty: do not wait for istiod. */
  readonly hosts: readonly string[];
  /** How long connections may take to end, in milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** How a drain ended. */
export interface Drained {
  /**
   * The sign that clients have dropped the endpoint: this sidecar's own view, or istiod's next push to it. `nothing` if nothing was
   * taken out of rotation; undefined if the limit was over before.
   */
  readonly dropped: 'endpoint' | 'push' | 'nothing' | undefined;
  readonly droppedMs: number;
  /** Connections still open, which end with the sidecar. */
  readonly left: MeshConnections;
  readonly waitedMs: number;
}

/** How long istiod may take to drop an endpoint: its debounce is 0.1 s to 10 s. */
const DROP_MS = 10_000;

const BEFORE = shellFile(new URL('./mesh-connections.root.sh', import.meta.url));

const DRAIN = shellFile(new URL('./drain.root.sh', import.meta.url));

/** Counts connections, and reads what the sidecar sees of this VM. Read-only; all is 0 without a sidecar. */
export async function beforeDrain(
  host: Host,
  addresses: readonly string[],
  signal?: AbortSignal,
): Promise<BeforeDrain> {
  const stdout = complete(host, await runScript(host, BEFORE, [PROXY_USER, ...addresses], { signal }));
  return { ...openOf(stdout), seen: valuesOf(stdout, 'seen'), updates: Number(valuesOf(stdout, 'updates')[0] ?? 0) };
}

/**
 * Waits on the VM until istiod has dropped it as an endpoint, then until its mesh connections have ended, in one round trip. If a
 * Sidecar's egress hides the VM's own services, it waits for istiod's next push to this sidecar instead.
 */
export async function drain(host: Host, options: DrainOptions): Promise<Drained> {
  const { before, addresses, hosts, limitMs, signal } = options;
  const seen = before.seen.filter((each) => hosts.some((host) => each === host || each.startsWith(`${host}.`)));
  const limits = [hosts.length > 0 ? DROP_MS : 0, limitMs, before.updates].map(String);
  const args = [PROXY_USER, ...limits, seen.join(' '), ...addresses];
  const stdout = complete(host, await runScript(host, DRAIN, args, { signal, timeoutMs: limitMs + 60_000 }));
  const [how = 'none', ms = '0'] = (valuesOf(stdout, 'dropped')[0] ?? 'nothing').split(' ');
  return {
    dropped: (['endpoint', 'push', 'nothing'] as const).find((each) => each === how),
    droppedMs: Number(ms),
    left: openOf(stdout),
    waitedMs: Number(valuesOf(stdout, 'waited')[0] ?? 0),
  };
}

const END = shellFile(new URL('./sidecar-end.root.sh', import.meta.url));

/** Kills a sidecar that has no connections left, after its capture. Stopping the units does the rest. */
export async function endSidecar(host: Host, signal?: AbortSignal): Promise<void> {
  await runScript(host, END, [], { signal });
}

/** Connections in both directions. */
export function total({ inward, outward }: MeshConnections): number {
  return inward + outward;
}

/** `3 connections through the mesh (2 from clients, 1 to others)` */
export function showConnections({ inward, outward }: MeshConnections): string {
  const count = inward + outward;
  const parts = [inward > 0 ? `${inward} from clients` : '', outward > 0 ? `${outward} to others` : ''];
  const detail = count === 0 ? '' : ` (${parts.filter((part) => part !== '').join(', ')})`;
  return `${count} connection${count === 1 ? '' : 's'} through the mesh${detail}`;
}

/** The output of a script that ran to its end. */
function complete(host: Host, { stdout, stderr }: Output): string {
  if (stdout.endsWith('end\n')) return stdout;
  throw vmProblems.probeUnreadable({ host: host.name, answer: stdout || stderr });
}

function openOf(stdout: string): MeshConnections {
  const [inward, outward] = (valuesOf(stdout, 'open')[0] ?? '').split(' ').map(Number);
  return { inward: inward ?? 0, outward: outward ?? 0 };
}
