import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { PROXY_USER } from './places.ts';
import { shellFile } from '../text-files.ts';

/** TCP connections that run through the sidecar. Its own to istiod are none of them. */
export interface MeshConnections {
  /** From clients to this VM. */
  readonly inward: number;
  /** From programs of this VM to others. */
  readonly outward: number;
}

/** What the sidecar knows before a VM goes out of rotation. */
export interface BeforeDrain extends MeshConnections {
  /** Services of which the VM's own sidecar sees the VM as an endpoint: it will see istiod drop them. */
  readonly seen: readonly string[];
  /** Updates that istiod's pushes have made in this sidecar. */
  readonly updates: number;
}

export interface DrainOptions {
  readonly before: BeforeDrain;
  readonly addresses: readonly string[];
  /** Hosts that were taken out of rotation, `mysqldb.vm`; nothing is waited for without one. */
  readonly hosts: readonly string[];
  /** How long connections may take to end, milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** How a drain ended. */
export interface Drained {
  /**
   * How it was known that clients have no endpoint any more: this sidecar's own view, or istiod's next push to it. `nothing`
   * when nothing was taken out of rotation; undefined when the limit was over before.
   */
  readonly dropped: 'endpoint' | 'push' | 'nothing' | undefined;
  readonly droppedMs: number;
  /** Still open: these end with the sidecar. */
  readonly left: MeshConnections;
  readonly waitedMs: number;
}

/** How long istiod may take to drop an endpoint. Its debounce is at most 10 s, and 0.1 s when little happens. */
const DROP_MS = 10_000;

const BEFORE = shellFile(new URL('./mesh-connections.root.sh', import.meta.url));

const DRAIN = shellFile(new URL('./drain.root.sh', import.meta.url));

/** Counts, and notes what the sidecar sees of this VM. Only reads; all is 0 where no sidecar runs. */
export async function beforeDrain(
  host: Host,
  addresses: readonly string[],
  signal?: AbortSignal,
): Promise<BeforeDrain> {
  const script = { ...BEFORE, args: [PROXY_USER, ...addresses] };
  const { stdout } = checked(host, await host.run(scriptCommand(script), signal));
  const values = (key: string) => valuesOf(stdout, key);
  return { ...openOf(stdout), seen: values('seen'), updates: Number(values('updates')[0] ?? 0) };
}

/**
 * Waits on the VM until istiod has dropped it as an endpoint, then until its mesh connections have ended; in one round
 * trip. Where a Sidecar's egress hides the VM's own services, the next push of istiod to this sidecar is waited for.
 */
export async function drain(host: Host, options: DrainOptions): Promise<Drained> {
  const { before, addresses, hosts, limitMs, signal } = options;
  const seen = before.seen.filter((each) => hosts.some((host) => each === host || each.startsWith(`${host}.`)));
  const limits = [hosts.length > 0 ? DROP_MS : 0, limitMs, before.updates].map(String);
  const args = [PROXY_USER, ...limits, seen.join(' '), ...addresses];
  const command = { ...scriptCommand({ ...DRAIN, args }), timeoutMs: limitMs + 60_000 };
  const { stdout } = checked(host, await host.run(command, signal));
  const [how = 'none', ms = '0'] = (valuesOf(stdout, 'dropped')[0] ?? 'nothing').split(' ');
  return {
    dropped: (['endpoint', 'push', 'nothing'] as const).find((word) => word === how),
    droppedMs: Number(ms),
    left: openOf(stdout),
    waitedMs: Number(valuesOf(stdout, 'waited')[0] ?? 0),
  };
}

const END = shellFile(new URL('./sidecar-end.root.sh', import.meta.url));

/** Ends a sidecar at once that has no connection left to wait for; its capture goes first. Whatever is left of it is for who stops the units. */
export async function endSidecar(host: Host, signal?: AbortSignal): Promise<void> {
  await host.run(scriptCommand({ ...END, args: [] }), signal);
}

/** All of them. */
export function total({ inward, outward }: MeshConnections): number {
  return inward + outward;
}

/** `3 connections (2 from clients, 1 to others)` for people. */
export function showConnections({ inward, outward }: MeshConnections): string {
  const count = inward + outward;
  const parts = [inward > 0 ? `${inward} from clients` : '', outward > 0 ? `${outward} to others` : ''];
  const detail = count === 0 ? '' : ` (${parts.filter((part) => part !== '').join(', ')})`;
  return `${count} connection${count === 1 ? '' : 's'} through the mesh${detail}`;
}

function checked(
  host: Host,
  output: { readonly stdout: string; readonly stderr: string },
): { readonly stdout: string } {
  if (output.stdout.endsWith('end\n')) return output;
  throw vmProblems.probeUnreadable({ host: host.name, answer: output.stdout || output.stderr });
}

function openOf(stdout: string): MeshConnections {
  const [inward, outward] = (valuesOf(stdout, 'open')[0] ?? '').split(' ').map(Number);
  return { inward: inward ?? 0, outward: outward ?? 0 };
}

function valuesOf(stdout: string, key: string): readonly string[] {
  return stdout.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
}
