import type { Host } from '../../host/run/host.ts';
import { scriptCommand } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

/** How a port answers a new TCP connection; `silent` when nothing comes back, as behind a firewall that drops. */
export type PortAnswer = 'open' | 'refused' | 'silent';

/** Asks one port from one place. */
export type Knock = (port: number) => Promise<PortAnswer>;

/** What one place can reach on the machine. */
export interface Reachability {
  /** `this machine`, or the name of a client. */
  readonly from: string;
  readonly answers: Readonly<Record<number, PortAnswer>>;
}

/** At most so many ports are asked, side by side. */
const MOST = 64;

/** A port that answers differently than before. */
export interface ReachChange {
  readonly from: string;
  readonly port: number;
  readonly before: PortAnswer;
  readonly after: PortAnswer;
}

/** Asks each port. One that is silent is asked twice: on a busy network an answer can be late, and lateness is no firewall. */
export async function reachability(from: string, ports: readonly number[], knock: Knock): Promise<Reachability> {
  const ask = async (port: number): Promise<readonly [number, PortAnswer]> => {
    const answer = await knock(port);
    return [port, answer === 'silent' ? await knock(port) : answer];
  };
  return { from, answers: Object.fromEntries(await Promise.all(ports.slice(0, MOST).map(ask))) };
}

/**
 * What changed for others. A port that is not captured answers as before. A captured one that was open stays open, and one that a
 * firewall kept closed stays closed; where nothing listened the sidecar may now answer. Ports asked only once are left out.
 */
export function compareReachability(
  before: Reachability,
  after: Reachability,
  captured: ReadonlySet<number>,
): readonly ReachChange[] {
  return Object.entries(before.answers).flatMap(([key, was]) => {
    const port = Number(key);
    const is = after.answers[port];
    const planned = captured.has(port) && was === 'refused';
    if (is === undefined || is === was || planned) return [];
    return [{ from: before.from, port, before: was, after: is }];
  });
}

const KNOCK = shellFile(new URL('./knock.root.sh', import.meta.url));

/** Asks from another machine, by its bash. Throws what `Host.run` throws. */
export function knockFrom(client: Host, address: string, signal?: AbortSignal): Knock {
  return async (port) => {
    const args = [address, String(port)];
    const { stdout } = await client.run({ ...scriptCommand({ ...KNOCK, args }), timeoutMs: 10_000 }, signal);
    const answer = stdout.trim();
    return answer === 'open' || answer === 'silent' ? answer : 'refused';
  };
}
