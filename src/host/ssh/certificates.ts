import { connect } from 'node:net';
import { keyType } from './fingerprint.ts';
import { readIfThere } from '../read-file.ts';
import type { SshSettings } from './config/ssh-settings.ts';

const AGENT_MS = 2000;
const MOST = 1024 * 1024;
/** draft-miller-ssh-agent: SSH_AGENTC_REQUEST_IDENTITIES and its answer. */
const [REQUEST, ANSWER] = [11, 12];

/** A user certificate that ssh would offer, as named in messages; undefined if there is none. ssh2 cannot offer certificates. */
export async function certificateAtHand(settings: SshSettings, identityFile?: string): Promise<string | undefined> {
  const keys = [...(identityFile === undefined ? [] : [identityFile]), ...settings.identityFiles];
  for (const file of [...settings.certificateFiles, ...keys.map((key) => `${key}-cert.pub`)]) {
    const text = await readIfThere(file).catch(() => undefined);
    if (text !== undefined && isCertificate(text.trim().split(/\s+/)[0] ?? '')) return file;
  }
  const held = settings.agent === undefined ? [] : await agentKeyTypes(settings.agent);
  return held.some(isCertificate) ? `of the agent at ${settings.agent}` : undefined;
}

const isCertificate = (type: string): boolean => /-cert-v\d+@openssh\.com$/.test(type);

/** The types of all keys of an agent; none if it does not answer. */
function agentKeyTypes(path: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let answer = Buffer.alloc(0);
    const end = (types: readonly string[]): void => {
      socket.destroy();
      resolve(types);
    };
    socket.setTimeout(AGENT_MS, () => end([]));
    socket.once('error', () => end([])).once('close', () => end([]));
    socket.once('connect', () => socket.write(Buffer.from([0, 0, 0, 1, REQUEST])));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const length = answer.length < 4 ? MOST : answer.readUInt32BE(0);
      if (answer.length > MOST) end([]);
      else if (answer.length >= 4 + length) end(typesOf(answer.subarray(4, 4 + length)));
    });
  });
}

/** Each key is a blob and a comment, each after its length. */
function typesOf(answer: Buffer): readonly string[] {
  const types: string[] = [];
  if (answer[0] !== ANSWER) return types;
  for (let at = 5; at + 4 <= answer.length;) {
    const blob = answer.readUInt32BE(at);
    types.push(keyType(answer.subarray(at + 4, at + 4 + blob)));
    at += 4 + blob;
    at += at + 4 <= answer.length ? 4 + answer.readUInt32BE(at) : 4;
  }
  return types;
}
