import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Every file of a folder with its mode, time of change and content: equal states mean that nothing was written. */
export function folderState(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(paths.map((path) => [path, describe(join(folder, path))]));
}

function describe(path: string): string {
  const stat = lstatSync(path, { bigint: true });
  const mode = (stat.mode & 0o7777n).toString(8);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (stat.isDirectory()) return `directory ${mode}`;
  return `${mode} ${stat.mtimeNs} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}
