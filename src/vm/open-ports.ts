import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { PLACES } from './places.ts';
import type { DialAnswer } from './dial-answer.ts';
import { dial } from './proofs/dial.ts';
import { seatAt } from './proofs/find-seat.ts';
import { shellFile } from '../text-files.ts';

/** A port of a VM at which a new connection from this machine was taken. */
export interface OpenPort {
  readonly address: string;
  readonly port: number;
}

/** What a look from this machine found. */
export interface OpenPorts {
  readonly open: readonly OpenPort[];
  /** Why nothing was asked, where this machine is not outside the VM. */
  readonly unseen?: string;
}

const LOOK = shellFile(new URL('./ports-look.root.sh', import.meta.url));

/** At most so many ports are tried, side by side. */
const MOST = 32;

/**
 * Captured ports of the VM that take a new connection from this machine. They are asked at the address to which the SSH connection
 * goes, never at one that the VM names. Empty behind a jump host, and where that address does not lead to the VM from outside.
 */
export async function openPorts(host: Host, signal: AbortSignal): Promise<OpenPorts> {
  const address = host.link?.direct?.remote;
  if (address === undefined) return { open: [] };
  const script = { ...LOOK, args: [PLACES.clusterEnv, PLACES.sidecarEnv] };
  const { stdout } = await host.run(scriptCommand(script), signal);
  const seat = await seatAt(host, address);
  if (!seat.outside) return { open: [], unseen: seat.why };
  const open = await taken(portsIn(stdout).map((port) => ({ address, port })));
  return { open };
}

function portsIn(stdout: string): readonly number[] {
  const ports = stdout.split('\n').map(Number);
  return ports.filter((port) => Number.isInteger(port) && port > 0 && port < 65536).slice(0, MOST);
}

/** Those that take no new connection any more. */
export async function closedPorts(before: readonly OpenPort[]): Promise<readonly OpenPort[]> {
  const now = await taken(before);
  return before.filter((each) => !now.includes(each));
}

const OPEN: readonly DialAnswer[] = ['open-with-bytes', 'open-silent', 'closed'];

async function taken(ports: readonly OpenPort[]): Promise<readonly OpenPort[]> {
  const answers = await Promise.all(ports.map(({ address, port }) => dial(address, port, { speaks: true })));
  return ports.filter((_, index) => OPEN.includes(answers[index] ?? 'timeout'));
}
