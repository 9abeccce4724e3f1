import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { agentProcessProblems } from '../problems/agent-process.ts';

/** Characters of a secret: longer than any password, shorter than a file that was meant for something else. */
const LIMIT = 8192;

/**
 * Reads secrets of probes from the folder that systemd made for this service: LoadCredential=probe:DIR puts each file of DIR there as
 * `probe_NAME`. Each call reads the file again. Throws `agent-credential-unreadable`.
 */
export function credentialsIn(folder: string | undefined): (name: string) => Promise<string> {
  return async (name) => {
    if (folder === undefined)
      throw agentProcessProblems.credentialUnreadable({ name, reason: 'systemd gave no credentials' });
    if (!/^[A-Za-z0-9][\w.-]{0,120}$/.test(name))
      throw agentProcessProblems.credentialUnreadable({ name, reason: 'not the name of a credential' });
    try {
      return await secretIn(join(folder, `probe_${name}`));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is too large';
      throw agentProcessProblems.credentialUnreadable({ name, reason: code }, error);
    }
  };
}

/** The content without one line break at the end. */
async function secretIn(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LIMIT + 1), 0, LIMIT + 1, 0);
    if (bytesRead > LIMIT) throw new RangeError('too large');
    return buffer.subarray(0, bytesRead).toString().replace(/\n$/, '');
  } finally {
    await file.close();
  }
}
