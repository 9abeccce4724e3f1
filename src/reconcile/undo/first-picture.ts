import type { Host } from '../../host/run/host.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { isWholePicture, pictureSaid } from './picture.ts';
import { shellFile } from '../../text-files.ts';

/** A machine before the first change, for the journal. */
export interface FirstPicture {
  /** Existing rule tables, separated by blanks: `nft:ip:nat legacy:ip6:filter`. */
  readonly tables: string;
  /** The snapshot's text, gzipped, in base64. */
  readonly base64: string;
}

const TAKE = shellFile(new URL('./first-picture.root.sh', import.meta.url));

/**
 * Takes a snapshot of a machine without a journal, for the journal. Read-only, so it needs no lock and runs while the cluster is read.
 * Throws `probe-failed`, `facts-incomplete` and what `Host.run` throws.
 */
export async function firstPicture(host: Host, signal?: AbortSignal): Promise<FirstPicture> {
  const said = await pictureSaid(host, { ...TAKE, args: [] }, signal);
  const [tables = '', base64 = ''] = said.split('\n');
  if (isWholePicture(base64)) return { tables: tables.trim(), base64 };
  throw reconcileProblems.factsIncomplete({ host: host.name, detail: 'the snapshot of the machine is incomplete' });
}
