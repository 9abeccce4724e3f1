import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostProblems } from '../../problems/host.ts';
import { errorText } from '../foreign-error.ts';
import { keyType } from './fingerprint.ts';
import { startProcess } from '../run/process.ts';

/** ssh-keygen reads two files of this machine. */
const LIMIT_MS = 10_000;
/** The magic of a key revocation list (PROTOCOL.krl). */
const KRL = 'SSHKRL\n\0';

/**
 * Whether RevokedHostKeys contains this key: a file of public keys, or a key revocation list, which ssh-keygen reads. As in ssh, no
 * key is trusted if the file cannot be read: throws `ssh-file-unreadable`.
 */
export async function isRevoked(file: string, key: Buffer): Promise<boolean> {
  const content = await readFile(file).catch((error: unknown) => {
    throw hostProblems.fileUnreadable({ file, reason: `${errorText(error)} (RevokedHostKeys)` }, error);
  });
  if (content.toString('latin1', 0, KRL.length) === KRL) return inRevocationList(file, key);
  const base64 = key.toString('base64');
  return content
    .toString()
    .split('\n')
    .some((line) => !line.trimStart().startsWith('#') && line.split(/\s+/).includes(base64));
}

async function inRevocationList(file: string, key: Buffer): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'meshx-key-'));
  try {
    const shown = join(folder, 'key.pub');
    await writeFile(shown, `${keyType(key)} ${key.toString('base64')}\n`);
    const asking = startProcess(['ssh-keygen', '-Q', '-f', file, shown]);
    let said = '';
    asking.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    asking.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    asking.stdin.end();
    const timer = setTimeout(() => asking.close(), LIMIT_MS);
    const ending = await asking.ended;
    clearTimeout(timer);
    if ('exitCode' in ending && ending.exitCode === 0) return false;
    if ('exitCode' in ending && /REVOKED/.test(said)) return true;
    const reason = `${said.trim() || 'ssh-keygen cannot be started'} (a revocation list of RevokedHostKeys)`;
    throw hostProblems.fileUnreadable({ file, reason });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
