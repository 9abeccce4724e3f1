import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { ReportFile } from './report-part.ts';

/** Files below one folder as a tar archive, compressed by gzip. Each can be read by its owner only. */
export async function archiveOf(folder: string, files: readonly ReportFile[], mtime: Date): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  for (const { path, text } of files) tar.entry({ name: `${folder}/${path}`, mode: 0o600, mtime }, text);
  tar.finalize();
  return await promisify(gzip)(await bytes);
}
