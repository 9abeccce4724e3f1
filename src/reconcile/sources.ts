import { createReadStream } from 'node:fs';
import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Stdin } from '../host/run/host.ts';
import { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { directoryStream } from './directory-stream.ts';
import { fileSha256 } from './sha256.ts';
import type { Packing, PlannedScript, Source } from './kind.ts';

/** The sources of bytes that a plan only names. */
export interface Sources {
  /** The secret of that name, requested only when it is needed. */
  secret(name: string, signal?: AbortSignal): Promise<string>;
}

/** The input of a script, and the failure of its source, to be read after the script has ended. */
export interface OpenedSource {
  readonly stdin: Stdin;
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
  const stdin = (): Readable => guarded(source, (error) => (failure ??= error));
  const problem = async (exitCode: number): Promise<Error | undefined> =>
    failure ?? (exitCode !== 0 && 'file' in source ? await otherFile(source) : undefined);
  return { stdin, problem };
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

/** Levels that are faster than most links; the next ones save little. */
const ZSTD_LEVEL = 3;
const GZIP_LEVEL = 4;

function fileChunks({ file, packing }: FileSource): AsyncIterable<Buffer> {
  const content = createReadStream(file, { highWaterMark: 256 * 1024 });
  // A failure of the file destroys the last stream, which is the one that is read.
  return packing === undefined ? content : pipeline(content, packer(packing), () => undefined);
}

/** Node.js has it since 22.15. Parameter 100 is the level: ZSTD_c_compressionLevel of zstd.h. */
const { createZstdCompress } = zlib as {
  readonly createZstdCompress?: (options: { readonly params: Readonly<Record<number, number>> }) => Transform;
};

/** The machine sees by the first bytes how the file is packed. */
function packer(packing: Packing): Transform {
  if (packing === 'zstd' && createZstdCompress) return createZstdCompress({ params: { 100: ZSTD_LEVEL } });
  return zlib.createGzip({ level: GZIP_LEVEL });
}

function unreadable(path: string, error: unknown): Error {
  if (error instanceof Problem) return error;
  return reconcileProblems.sourceUnreadable(
    { path, detail: error instanceof Error ? error.message : String(error) },
    error,
  );
}
