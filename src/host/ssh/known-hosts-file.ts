import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hostProblems } from '../../problems/host.ts';
import { keyType } from './fingerprint.ts';
import { errorText } from '../foreign-error.ts';
import { hashedName, type KnownHost, parseKnownHosts } from './known-hosts.ts';
import { readIfThere } from '../read-file.ts';

/** All entries of the existing files. Throws a Problem for an unreadable file. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHost[]> {
  const texts = await Promise.all(files.map((file) => readIfThere(file)));
  return texts.flatMap((text, index) => parseKnownHosts(text ?? '', files[index] ?? ''));
}

/** Adds one key to a known_hosts file, created with mode 0600. Throws a Problem if it cannot. */
export async function recordHostKey(file: string, entry: { name: string; key: Buffer; hash: boolean }): Promise<void> {
  const name = entry.hash ? hashedName(entry.name, randomBytes(20)) : entry.name;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const gap = (await endsInsideALine(file)) ? '\n' : '';
    const line = `${gap}${name} ${keyType(entry.key)} ${entry.key.toString('base64')}\n`;
    await appendFile(file, line, { mode: 0o600 });
  } catch (error) {
    throw hostProblems.fileUnreadable({ file, reason: errorText(error) }, error);
  }
}

async function endsInsideALine(file: string): Promise<boolean> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await handle.close();
  }
}
