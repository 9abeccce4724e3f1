import type { Host } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { UNDO } from '../undo-shell.ts';
import { PICTURE_FUNCTIONS } from './picture-shell.ts';

/** A machine from before the first change, as the journal keeps it. */
export interface FirstPicture {
  /** Rule tables that were there, with blanks between: `nft:ip:nat legacy:ip6:filter`. */
  readonly tables: string;
  /** The picture's text, gzipped. */
  readonly packed: Uint8Array;
}

export const NO_PICTURE: FirstPicture = { tables: '', packed: new Uint8Array() };

const TAKE = `${PICTURE_FUNCTIONS}J=\${MESHX_UNDO-${UNDO}}
live && tables_there && first_picture "\${J%/*}" | base64 -w 0`;

/**
 * Looks at a machine on which the journal has not begun, for the journal to keep. Only reads: so it needs no lock, and runs
 * while the cluster is asked. Throws `probe-failed`, `facts-incomplete` and what `Host.run` throws.
 */
export async function firstPicture(host: Host, signal?: AbortSignal): Promise<FirstPicture> {
  const command = { ...scriptCommand({ name: 'first-picture', text: TAKE, args: [] }), timeoutMs: 120_000 };
  const output = await host.run(command, signal);
  const { exitCode, stdout } = output;
  if (exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the whole machine', ...output });
  const [tables = '', base64 = ''] = stdout.split('\n');
  const packed = Buffer.from(base64, 'base64');
  if (packed.length > 0) return { tables: tables.trim(), packed };
  throw reconcileProblems.factsIncomplete({ host: host.name, detail: 'the picture of the machine is empty' });
}

/** How the script of the journal reads it: `LENGTH TABLE…` in a line, then so many bytes. */
export function pictureBytes({ tables, packed }: FirstPicture): Uint8Array {
  return Buffer.concat([Buffer.from(`${packed.length} ${tables}\n`), packed]);
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [TAKE];
