import { type Connection, keyedLines, parseConnection } from './connection.ts';
import type { Question } from './script.ts';

/** The endpoint of one VM, asked through its own sidecar. */
export interface OwnQuestion {
  /** The VM's address in the mesh. */
  readonly address: string;
  readonly port: number;
  /** Of a GET; empty for a TCP connection that only listens. */
  readonly path: string;
  readonly serverFirst: boolean;
  /** The service in the mesh. */
  readonly host: string;
  readonly servicePort: number;
  readonly how: 'tls' | 'plain';
}

/** What the VM's sidecar answered, and whether clients of the service have the endpoint. */
export interface OwnEndpoint {
  readonly connection: Connection;
  /** `hidden`: the VM's own sidecar does not know the service. `unread`: it did not say. */
  readonly listed: 'yes' | 'no' | 'hidden' | 'unread';
  /** Whether both sides showed a certificate of the mesh. */
  readonly established: boolean;
  /** What openssl said of errors. */
  readonly said: readonly string[];
  /** Which program accepted the sidecar's connection, or that it waits in the kernel's queue for one; undefined where it was not seen. */
  readonly held?: { readonly by: string } | 'queued';
  /** Whether an AuthorizationPolicy refused as many connections as were tried. */
  readonly denied: boolean;
  /** A program that the VM lacks. */
  readonly missing?: string;
}

const ESTABLISHED = 'CONNECTION ESTABLISHED';

/** The question `own` of questions.sh. */
export function ownQuestion({ address, port, path, serverFirst, host, servicePort, how }: OwnQuestion): Question {
  const first = serverFirst ? 'server' : '';
  return { name: 'own', args: [address, String(port), path, first, host, String(servicePort), how] };
}

/** Parses the answer to `own`. */
export function parseOwnEndpoint(stdout: string): OwnEndpoint {
  const areas = keyedLines(stdout);
  const [listed] = areas.get('listed') ?? [];
  const [missing] = areas.get('missing') ?? [];
  const held = heldBy(areas.get('held')?.[0] ?? '');
  const said = areas.get('tls') ?? [];
  return {
    connection: parseConnection(stdout),
    listed: listed === 'yes' || listed === 'no' || listed === 'hidden' ? listed : 'unread',
    // By TLS 1.3 a server may refuse the client's certificate after the client's handshake.
    established: said.includes(ESTABLISHED) && !said.some((line) => line.includes('alert')),
    said: said.filter((line) => line !== ESTABLISHED),
    denied: areas.get('denied')?.[0] === 'yes',
    ...(held !== undefined && { held }),
    ...(missing !== undefined && { missing }),
  };
}

function heldBy(line: string): OwnEndpoint['held'] {
  if (line === 'queued') return 'queued';
  const taken = /^taken ?(.*)$/.exec(line);
  return taken ? { by: taken[1] || 'a program' } : undefined;
}
