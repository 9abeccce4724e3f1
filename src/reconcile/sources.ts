import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Stdin } from '../host/host.ts';
import { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { directoryStream } from './directory-stream.ts';
import type { PlannedScript, Source } from './resource.ts';

/** Where the bytes come from that a plan only names. */
export interface Sources {
  /** The secret of that name, asked for when it is needed and not before. */
  secret(name: string, signal?: AbortSignal): Promise<string>;
}

/** What a script reads, and what was wrong with its source, known only when it was read. */
export interface OpenedSource {
  readonly stdin: Stdin;
  problem(): Error | undefined;
}

const NOTHING = (): undefined => undefined;

/** Opens what a script of a plan reads. A secret is sent as one line; files and directories are checked while they are sent. */
export async function openSource(
  planned: PlannedScript,
  sources: Sources,
  signal?: AbortSignal,
): Promise<OpenedSource> {
  const { source } = planned;
  if (source === undefined) return { stdin: planned.stdin ?? '', problem: NOTHING };
  if ('secret' in source) return { stdin: await secretLine(source, sources, signal), problem: NOTHING };
  let failure: Error | undefined;
  const stdin = (): Readable => guarded(source, (error) => (failure ??= error));
  return { stdin, problem: () => failure };
}

type SecretSource = Extract<Source, { secret: string }>;

async function secretLine(
  { secret: name, form }: SecretSource,
  sources: Sources,
  signal?: AbortSignal,
): Promise<string> {
  const text = await sources.secret(name, signal);
  if (form === 'pem') {
    if (!PEM.test(text)) throw reconcileProblems.secretNotPem({ secret: name });
    return `${Buffer.from(text).toString('base64')}\n`;
  }
  const secret = text.replace(/\n$/, '');
  if (secret === '' || secret.includes('\n')) throw reconcileProblems.secretInvalid({ secret: name });
  return `${secret}\n`;
}

/** At least one whole block of RFC 7468. */
const PEM = /^-----BEGIN ([A-Z ]+)-----\r?\n[\s\S]+?^-----END \1-----\r?$/m;

/**
 * The stream of a source. On a wrong digest or an unreadable file it ends early, without the part that makes it whole for
 * the script that reads it; the reason goes to `fail`, as the other end can only say that something is missing.
 */
function guarded(source: Exclude<Source, SecretSource>, fail: (error: Error) => void): Readable {
  const chunks = 'file' in source ? fileChunks(source) : directoryStream(source.directory, source);
  const path = 'file' in source ? source.file : source.directory;
  return Readable.from(
    endOnError(chunks, (error) => fail(unreadable(path, error))),
    { objectMode: false },
  );
}

async function* endOnError(chunks: AsyncIterable<Buffer>, fail: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    fail(error);
  }
}

async function* fileChunks({ file, sha256 }: { file: string; sha256: string }): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  // One chunk is held back: when the digest is wrong, the other end never has the whole file.
  let held: Buffer | undefined;
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw reconcileProblems.sourceDigest({ path: file, expected: sha256, found });
  if (held) yield held;
}

function unreadable(path: string, error: unknown): Error {
  if (error instanceof Problem) return error;
  return reconcileProblems.sourceUnreadable(
    { path, detail: error instanceof Error ? error.message : String(error) },
    error,
  );
}
