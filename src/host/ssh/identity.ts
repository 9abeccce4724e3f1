import { hostProblems } from '../../problems/host.ts';
import { errorText } from '../foreign-error.ts';
import { isKey, readKey } from './private-key.ts';
import { readIfThere } from '../read-file.ts';
import { type Agent, BaseAgent, createAgent, type AnyAuthMethod, type ParsedKey } from './ssh2.ts';
import type { SshSettings } from './config/ssh-settings.ts';

/** One way to show who we are, made ready only when its turn comes: a passphrase is asked only when it is needed. */
interface Offer {
  /** For messages: `~/.ssh/id_ed25519`, `agent key SHA256:…`. */
  readonly label: string;
  /** undefined: there is nothing to offer after all, and `label` says why. */
  readonly prepare: (user: string) => Promise<AnyAuthMethod | undefined>;
}

export interface Offers {
  readonly offers: readonly Offer[];
  /** What could not even be offered, for the message when all else is refused. */
  readonly notes: readonly string[];
  /** Files with a passphrase that nobody gave. */
  readonly locked: readonly string[];
}

export interface IdentityOptions {
  /** Given by the operator on the command line: comes first, and must be usable. */
  readonly identityFile?: string;
  readonly passphrase?: (file: string) => Promise<string>;
}

/** `public`: the half by which the agent knows the key, when the file itself does not give the private one. */
type Loaded =
  | { file: string; key: ParsedKey }
  | { file: string; encrypted: string; public?: ParsedKey }
  | { file: string; bad: string; public?: ParsedKey }
  | { file: string; missing: true; public?: ParsedKey };

/**
 * The order: files that need no passphrase (by the agent where it has them), the agent's other keys unless
 * IdentitiesOnly, and last the files that need a passphrase. Servers allow few attempts (MaxAuthTries 6).
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
      if (settings.identitiesNamed) notes.push(`${one.file} (not there)`);
    } else if ('bad' in one) notes.push(`${one.file} (${one.bad})`);
    else if (options.passphrase) late.push(lockedOffer(one.file, one.encrypted, options.passphrase));
    else locked.push(one.file);
  }
  const others = settings.identitiesOnly ? [] : keys.filter((one) => !used.has(one)).map((one) => one.offer);
  return { offers: [...offers, ...others, ...late], notes, locked };
}

const whyUnusable = (one: Loaded): string | undefined =>
  'missing' in one ? 'it is not there' : 'bad' in one ? one.bad : undefined;

async function load(file: string): Promise<Loaded> {
  try {
    const text = await readIfThere(file);
    if (text === undefined) return { file, missing: true, ...(await publicHalf(file)) };
    const read = readKey(text);
    if (read.kind === 'unusable') return { file, bad: 'it is not a private key that meshx can read' };
    if (read.kind === 'locked') return { file, encrypted: text, ...(await publicHalf(file)) };
    return read.key.isPrivateKey()
      ? { file, key: read.key }
      : { file, bad: 'it holds a public key only', public: read.key };
  } catch (error) {
    return { file, bad: errorText(error) };
  }
}

/** Tells whether the agent holds a key whose file is not there, or cannot be read without its passphrase. */
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

/** The agent's keys, each as an offer of its own. An agent that does not answer is a note, no failure. */
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

/** The package's types allow a key in several forms; its own agents give parsed ones. */
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
      // Handed on as it comes: the package calls it with and without options.
      Reflect.apply(agent.sign.bind(agent), undefined, all);
    }
  }
  return {
    label: `agent key ${key.comment || key.type}`,
    prepare: (username) => Promise.resolve({ type: 'agent', username, agent: new OneKey() }),
  };
}
