import type { Script } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';
import type { ProofLimits } from './scripts.ts';

/** So many connections are tried side by side. */
export const SIDE_BY_SIDE = 16;

/** One connection from the VM, as an ordinary user. */
export interface Connect {
  readonly host: string;
  readonly port: number;
  /** Of a GET; empty for a TCP connection that only listens. */
  readonly path: string;
  /** Whether it must come back to this VM. */
  readonly comesBack: boolean;
  /** Whether the server must speak first. */
  readonly serverFirst: boolean;
}

const CONNECT = shellFile(new URL('./prove-connect.root.sh', import.meta.url));

/** Connections that wait up to `seconds` for their answer. All end after `most` seconds. */
export function connectScript(targets: readonly Connect[], { seconds, most }: ProofLimits): Script {
  const words = targets.flatMap(({ host, port, path, comesBack, serverFirst }) => [
    ...[host, String(port), path],
    ...[comesBack ? 'own' : '', serverFirst ? 'server' : ''],
  ]);
  return {
    ...CONNECT,
    args: [String(seconds), String(most), String(SIDE_BY_SIDE), ...words],
  };
}
