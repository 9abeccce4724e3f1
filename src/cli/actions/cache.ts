import { basename, extname } from 'node:path';
import { type CacheFile, type CacheReport, listCache, pruneCache } from '../../operations/package/cache-report.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatTable } from '../table.ts';

const MIB = 1024 * 1024;
const DEFAULT_KEEP = 1024;

/** `meshx cache list`: what is kept on the operator's machine. Only reads. */
export async function cacheListed(call: Call): Promise<number> {
  const input = new Input('cache list', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  const report = await listCache(call.world);
  call.terminal.out(output === 'text' ? formatCache(report) : formatDocument(documentOf(report), output));
  return EXIT.done;
}

/** `meshx cache prune`: keeps what was used last. */
export async function cachePruned(call: Call): Promise<number> {
  const input = new Input('cache prune', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const keep = input.number('keep', [0, 1024 * 1024]);
  const all = input.flag('all');
  if (all && keep !== undefined) input.issue('--keep: it contradicts --all');
  input.accept();
  const removed = await pruneCache(call.world, { mostBytes: (keep ?? DEFAULT_KEEP) * MIB, all });
  const files = `${removed.files} ${removed.files === 1 ? 'file' : 'files'}`;
  const text = `removed ${files}, ${mebibytes(removed.bytes)}`;
  call.terminal.out(output === 'text' ? text : formatDocument({ removed }, output));
  return EXIT.done;
}

function formatCache({ folders, files, bytes }: CacheReport): string {
  if (files.length === 0) return `The cache is empty: ${folders.join(', ')}`;
  const rows = files.map((file) => [
    nameOf(file),
    mebibytes(file.bytes),
    file.used.toISOString().replace(/\.\d+Z$/, 'Z'),
    file.sha256?.slice(0, 12) ?? '-',
    file.from ?? '-',
  ]);
  const table = formatTable([['FILE', 'SIZE', 'USED', 'SHA256', 'FROM'], ...rows]);
  return `${table}\n${mebibytes(bytes)} in ${folders.join(' and ')}`;
}

/** `istio-sidecar.deb` of the URL, `istio-sidecar.zstd.deb` as zstd packed it; a file without a URL by its folder and ending. */
function nameOf({ name, sha256, from, folder }: CacheFile): string {
  const ending = name.slice(sha256?.length ?? name.length).replace(/-[0-9a-f]{64}/, '');
  return from === undefined || !/^(\.zstd)?\.(deb|rpm)$/.test(ending)
    ? `${folder === 'packages' ? 'package' : 'packed'}${ending}`
    : `${basename(from, extname(from))}${ending}`;
}

function documentOf({ folders, files, bytes, mostBytes }: CacheReport): object {
  return {
    folders,
    bytes,
    mostBytes,
    files: files.map(({ used, ...file }) => ({ ...file, used: used.toISOString() })),
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
