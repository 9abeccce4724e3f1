import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';
import { PLACES } from '../places.ts';
import { dial, type DialAnswer } from './dial.ts';
import { seatAt } from './find-seat.ts';

/** A port of a VM at which a new connection from this machine was taken. */
export interface OpenPort {
  readonly address: string;
  readonly port: number;
}

/** The ports of a VM that this machine can reach. */
export interface OpenPorts {
  readonly open: readonly OpenPort[];
  /** Why no port was tried: this machine is not outside the VM. */
  readonly unseen?: string;
}

const CAPTURED_PORTS = shellFile(new URL('./captured-ports.root.sh', import.meta.url));

/** How many ports are tried, in parallel. */
const MOST = 32;

/**
 * Captured ports of the VM that accept a new connection from this machine. They are tried at the address of the SSH connection,
 * never at one that the VM names. Empty behind a jump host, and where that address does not lead to the VM from outside.
 */
export async function openPorts(host: Host, signal: AbortSignal): Promise<OpenPorts> {
  const address = host.link?.direct?.remote;
  if (address === undefined) return { open: [] };
  const { stdout } = await runScript(host, CAPTURED_PORTS, [PLACES.clusterEnv, PLACES.sidecarEnv], { signal });
  const seat = await seatAt(host, address);
  if (!seat.outside) return { open: [], unseen: seat.why };
  const open = await taken(portsIn(stdout).map((port) => ({ address, port })));
  return { open };
}

function portsIn(stdout: string): readonly number[] {
  const ports = stdout.split('\n').map(Number);
  return ports.filter((port) => Number.isInteger(port) && port > 0 && port < 65536).slice(0, MOST);
}

/** The ports that no longer accept a connection. */
export async function closedPorts(before: readonly OpenPort[]): Promise<readonly OpenPort[]> {
  const now = await taken(before);
  return before.filter((each) => !now.includes(each));
}

const OPEN: readonly DialAnswer[] = ['open-with-bytes', 'open-silent', 'closed'];

async function taken(ports: readonly OpenPort[]): Promise<readonly OpenPort[]> {
  const answers = await Promise.all(ports.map(({ address, port }) => dial(address, port, { speaks: true })));
  return ports.filter((_, index) => OPEN.includes(answers[index] ?? 'timeout'));
}
