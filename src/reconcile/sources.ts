import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Stdin } from '../host/run/host.ts';
import { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { directoryStream } from './directory-stream.ts';
import type { Packing, PlannedScript, Source } from './kind.ts';
import { packedFile } from './packed-file.ts';
import { fileSha256 } from './sha256.ts';

/** The sources of bytes that a plan only names. */
export interface Sources {
  /** The secret of that name, requested only when it is needed. */
  secret(name: string, signal?: AbortSignal): Promise<string>;
  /** Folder of the operator in which packed files are kept; absent: each is packed anew. */
  readonly packed?: string;
}

/** The input of a script, and the failure of its source, to be read after the script has ended. */
export interface OpenedSource {
  readonly stdin: Stdin;
  /** Bytes of a file that is sent as it is. */
  readonly size?: number;
  problem(exitCode: number): Promise<Error | undefined>;
}

const NOTHING = (): Promise<undefined> => Promise.resolve(undefined);

/**
 * Opens the input of a script. A secret is sent as one line. A directory is checked while it is sent. The script checks the sha256 of a
 * file; here it is computed only to explain a failure.
 */
export async function openSource(
  planned: PlannedScript,
  sources: Sources,
  signal?: AbortSignal,
): Promise<OpenedSource> {
  const { source } = planned;
  if (source === undefined) return { stdin: planned.stdin ?? '', problem: NOTHING };
  if ('secret' in source) return { stdin: await secretLine(source, sources, signal), problem: NOTHING };
  let failure: Error | undefined;
  const packed = 'file' in source && isPacked(source) ? packedFile(source, sources.packed) : undefined;
  const stdin = (): Readable => guarded(source, packed?.chunks() ?? chunksOf(source), (error) => (failure ??= error));
  const problem = async (exitCode: number): Promise<Error | undefined> => {
    await packed?.judged(exitCode === 0 && failure === undefined);
    return failure ?? (exitCode !== 0 && 'file' in source ? await otherFile(source) : undefined);
  };
  return { stdin, problem, ...(await sizeOf(source, packed)) };
}

/** Known before only for a file that is sent as it is. A file that cannot be read fails later, with its reason. */
async function sizeOf(source: BytesSource, packed: object | undefined): Promise<{ readonly size?: number }> {
  if (packed || !('file' in source)) return {};
  const found = await stat(source.file).catch(() => undefined);
  return found ? { size: found.size } : {};
}

function isPacked(source: FileSource): source is FileSource & { readonly packing: Packing } {
  return source.packing !== undefined;
}

type FileSource = Extract<Source, { file: string }>;

async function otherFile({ file, sha256 }: FileSource): Promise<Error | undefined> {
  try {
    const found = await fileSha256(file);
    return found === sha256 ? undefined : reconcileProblems.sourceDigest({ path: file, expected: sha256, found });
  } catch (error) {
    return unreadable(file, error);
  }
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
 * The stream of a source. With a wrong digest or an unreadable file it ends early, so the script fails; the reason goes to `fail`, as the
 * script can only report that something is missing.
 */
function guarded(source: BytesSource, chunks: AsyncIterable<Buffer>, fail: (error: Error) => void): Readable {
  const path = 'file' in source ? source.file : source.directory;
  return Readable.from(
    endOnError(chunks, (error) => fail(unreadable(path, error))),
    { objectMode: false },
  );
}

type BytesSource = Exclude<Source, SecretSource>;

function chunksOf(source: BytesSource): AsyncIterable<Buffer> {
  return 'file' in source
    ? createReadStream(source.file, { highWaterMark: 256 * 1024 })
    : directoryStream(source.directory, source);
}

async function* endOnError(chunks: AsyncIterable<Buffer>, fail: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    fail(error);
  }
}

function unreadable(path: string, error: unknown): Error {
  if (error instanceof Problem) return error;
  return reconcileProblems.sourceUnreadable(
    { path, detail: error instanceof Error ? error.message : String(error) },
    error,
  );
}
