import { gunzipSync } from 'node:zlib';
import type { Host } from '../../host/run/host.ts';
import { type Script, scriptCommand } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';
import { SNAPSHOT_REMOVE } from './undo-scripts.ts';

/** One line of a snapshot: `file`, `/etc/hosts`, `f root:root 644 DIGEST`. */
interface PictureFact {
  readonly area: string;
  readonly name: string;
  readonly state: string;
}

/** A snapshot of a machine as sorted facts: see picture.sh. */
export type Picture = readonly PictureFact[];

/** A snapshot has a few megabytes; this bounds the memory for a damaged one. */
const MOST_BYTES = 256 * 1024 * 1024;
const HEAD = 'meshx picture, format 1';

const PICTURE_TAKE = shellFile(new URL('./picture-take.root.sh', import.meta.url));
const PICTURE_READ = shellFile(new URL('./picture-read.root.sh', import.meta.url));

/**
 * Takes a snapshot of the machine in one round trip, on request without meshx's own folder. Read-only. Throws `probe-failed`,
 * `facts-incomplete`.
 */
export async function takePicture(
  host: Host,
  signal?: AbortSignal,
  { withoutOwn = false }: { readonly withoutOwn?: boolean } = {},
): Promise<Picture> {
  const picture = await ask(host, { ...PICTURE_TAKE, args: withoutOwn ? ['without-own'] : [] }, signal);
  if (!picture)
    throw reconcileProblems.factsIncomplete({ host: host.name, detail: 'the snapshot of the machine is empty' });
  return picture;
}

/**
 * The snapshot from before the first change. An undo removes it with the journal, so read it before. Undefined if the machine has none
 * (no journal, or one of format 1).
 */
export async function readKeptPicture(host: Host, signal?: AbortSignal): Promise<Picture | undefined> {
  return ask(host, { ...PICTURE_READ, args: [] }, signal);
}

/** The files that other programs write, as listed in a snapshot that an undo left. Pure. */
export function writtenIn(picture: Picture): readonly string[] {
  return picture.flatMap(({ area, name }) => (area === 'written' ? [name] : []));
}

/** Removes the snapshot that an undo left. Throws `probe-failed` and what `Host.run` throws. */
export async function removeKeptPicture(host: Host, signal?: AbortSignal): Promise<void> {
  await pictureSaid(host, { ...SNAPSHOT_REMOVE, args: [] }, signal);
}

async function ask(host: Host, script: Script, signal?: AbortSignal): Promise<Picture | undefined> {
  const said = await pictureSaid(host, script, signal);
  if (said.trim() === '') return undefined;
  const text = unpacked(said);
  const picture = text === undefined ? 'it is not whole' : parsePicture(text);
  if (typeof picture === 'string') throw reconcileProblems.factsIncomplete({ host: host.name, detail: picture });
  return picture;
}

/** Runs a script about the whole machine. Throws `probe-failed` and what `Host.run` throws. */
export async function pictureSaid(host: Host, script: Script, signal?: AbortSignal): Promise<string> {
  const output = await host.run({ ...scriptCommand(script), timeoutMs: 120_000 }, signal);
  if (output.exitCode === 0) return output.stdout;
  throw reconcileProblems.probeFailed({ host: host.name, probe: 'the whole machine', ...output });
}

/** Whether it unpacks to a non-empty snapshot. */
export function isWholePicture(base64: string): boolean {
  const text = unpacked(base64);
  return text !== undefined && text.startsWith(`${HEAD}\n`) && text.length > HEAD.length + 1;
}

/** Parses a snapshot's text; a string is the reason why it is invalid. Pure. */
export function parsePicture(text: string): Picture | string {
  const lines = text.split('\n').filter((line) => line !== '');
  if (!lines.includes(HEAD)) return 'it is not a snapshot of format 1';
  const facts = lines.filter((line) => line !== HEAD).map((line) => line.split('\t'));
  const wrong = facts.find((parts) => parts.length < 3);
  if (wrong) return `a line of the snapshot has no state: ${wrong.join(' ').slice(0, 120)}`;
  return facts.map(([area = '', name = '', ...state]) => ({ area, name, state: state.join(' ') }));
}

function unpacked(base64: string): string | undefined {
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: MOST_BYTES }).toString('utf8');
  } catch {
    // Cut off on the way or damaged on the machine: the caller says so.
    return undefined;
  }
}
