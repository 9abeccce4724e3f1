import { hostProblems } from '../../problems/host.ts';
import { errorText } from '../foreign-error.ts';
import { isKey, readKey } from './private-key.ts';
import { readIfThere } from '../read-file.ts';
import { type Agent, BaseAgent, createAgent, type AnyAuthMethod, type ParsedKey } from './ssh2.ts';
import type { SshSettings } from './config/ssh-settings.ts';

/** One key or method to offer, prepared only when its turn comes, so passphrases are prompted only if needed. */
interface Offer {
  /** For messages: `~/.ssh/id_ed25519`, `agent key SHA256:…`. */
  readonly label: string;
  /** Returns undefined if there is nothing to offer. */
  readonly prepare: (user: string) => Promise<AnyAuthMethod | undefined>;
}

export interface Offers {
  readonly offers: readonly Offer[];
  /** What could not be offered, for the message about a refusal. */
  readonly notes: readonly string[];
  /** Files that need a passphrase, without a source for it. */
  readonly locked: readonly string[];
}

export interface IdentityOptions {
  /** The operator's file: comes first, and must be usable. */
  readonly identityFile?: string;
  readonly passphrase?: (file: string) => Promise<string>;
}

/** `public`: the public key, to find the key in the agent if the file is unreadable. */
type Loaded =
  | { file: string; key: ParsedKey }
  | { file: string; encrypted: string; public?: ParsedKey }
  | { file: string; bad: string; public?: ParsedKey }
  | { file: string; missing: true; public?: ParsedKey };

/**
 * In order: files without a passphrase (through the agent if it has them), the agent's other keys unless IdentitiesOnly, then files
 * with a passphrase. Servers allow few attempts (MaxAuthTries 6).
 */
export async function identityOffers(settings: SshSettings, options: IdentityOptions): Promise<Offers> {
  const files = [...new Set([...(options.identityFile ? [options.identityFile] : []), ...settings.identityFiles])];
  const loaded = await Promise.all(files.map(load));
  const { keys, notes } = await agentKeys(settings.agent);
  const inAgent = (one: Loaded) => {
    const key = 'key' in one ? one.key : one.public;
    return key && keys.find((each) => each.key.equals(key));
  };
  const named = loaded.find((one) => one.file === options.identityFile);
  const reason = named && !inAgent(named) ? whyUnusable(named) : undefined;
  if (named && reason !== undefined) throw hostProblems.identityUnreadable({ file: named.file, reason });
  const offers: Offer[] = [];
  const locked: string[] = [];
  const late: Offer[] = [];
  const used = new Set<AgentKey>();
  for (const one of loaded) {
    const held = inAgent(one);
    if (held) {
      if (!used.has(held)) offers.push(held.offer);
      used.add(held);
    } else if ('key' in one) offers.push(keyOffer(one.file, one.key));
    else if ('missing' in one) {
      if (settings.identitiesNamed) notes.push(`${one.file} (does not exist)`);
    } else if ('bad' in one) notes.push(`${one.file} (${one.bad})`);
    else if (options.passphrase) late.push(lockedOffer(one.file, one.encrypted, options.passphrase));
    else locked.push(one.file);
  }
  const others = settings.identitiesOnly ? [] : keys.filter((one) => !used.has(one)).map((one) => one.offer);
  return { offers: [...offers, ...others, ...late], notes, locked };
}

const whyUnusable = (one: Loaded): string | undefined =>
  'missing' in one ? 'it does not exist' : 'bad' in one ? one.bad : undefined;

async function load(file: string): Promise<Loaded> {
  try {
    const text = await readIfThere(file);
    if (text === undefined) return { file, missing: true, ...(await publicHalf(file)) };
    const read = readKey(text);
    if (read.kind === 'unusable') return { file, bad: 'meshx cannot read it as a private key' };
    if (read.kind === 'locked') return { file, encrypted: text, ...(await publicHalf(file)) };
    return read.key.isPrivateKey()
      ? { file, key: read.key }
      : { file, bad: 'it contains only a public key', public: read.key };
  } catch (error) {
    return { file, bad: errorText(error) };
  }
}

/** The public key of a file that is missing or needs a passphrase, to find it in the agent. */
async function publicHalf(file: string): Promise<{ public?: ParsedKey }> {
  const read = readKey((await readIfThere(`${file}.pub`).catch(() => undefined)) ?? '');
  return read.kind === 'key' ? { public: read.key } : {};
}

const keyOffer = (file: string, key: ParsedKey): Offer => ({
  label: file,
  prepare: (username) => Promise.resolve({ type: 'publickey', username, key }),
});

function lockedOffer(file: string, text: string, passphrase: (file: string) => Promise<string>): Offer {
  return {
    label: `${file} (with passphrase)`,
    prepare: async (username) => {
      const read = readKey(text, await passphrase(file));
      if (read.kind !== 'key') throw hostProblems.identityUnreadable({ file, reason: 'the passphrase is wrong' });
      return { type: 'publickey', username, key: read.key };
    },
  };
}

interface AgentKey {
  readonly key: ParsedKey;
  readonly offer: Offer;
}

/** The agent's keys, each as an offer. An agent that does not answer becomes a note, not a failure. */
async function agentKeys(socket: string | undefined): Promise<{ keys: readonly AgentKey[]; notes: string[] }> {
  if (socket === undefined) return { keys: [], notes: [] };
  const agent = createAgent(socket);
  const found = await new Promise<readonly ParsedKey[] | string>((resolve) => {
    const late = setTimeout(() => resolve('no answer within 5 s'), 5000);
    agent.getIdentities((error, keys) => {
      clearTimeout(late);
      resolve(error ? errorText(error) : (keys ?? []).map(agentKey).filter(isKey));
    });
  });
  if (typeof found === 'string') return { keys: [], notes: [`the agent at ${socket} (it does not answer: ${found})`] };
  return { keys: found.map((key) => ({ key, offer: agentOffer(agent, key) })), notes: [] };
}

/** ssh2's types allow a key in several forms; its own agents return parsed ones. */
function agentKey(key: unknown): unknown {
  const inner = typeof key === 'object' && key !== null && 'pubKey' in key ? key.pubKey : key;
  if (!Buffer.isBuffer(inner) && typeof inner !== 'string') return inner;
  const read = readKey(inner);
  return read.kind === 'key' ? read.key : undefined;
}

function agentOffer(agent: Agent, key: ParsedKey): Offer {
  class OneKey extends BaseAgent<ParsedKey> {
    override getIdentities(give: (error?: Error | null, keys?: ParsedKey[]) => void): void {
      give(null, [key]);
    }
    override sign(...all: unknown[]): void {
      // ssh2 calls it with and without options.
      Reflect.apply(agent.sign.bind(agent), undefined, all);
    }
  }
  return {
    label: `agent key ${key.comment || key.type}`,
    prepare: (username) => Promise.resolve({ type: 'agent', username, agent: new OneKey() }),
  };
}
