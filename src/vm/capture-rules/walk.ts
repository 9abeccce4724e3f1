import { matches } from './conditions.ts';
import type { Judgement, Packet } from './packet.ts';
import type { Chain, Rule, Tables, Target } from './rules.ts';

/** One rule that the packet came to. */
export interface Step {
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  /** How many jumps led here. */
  readonly depth: number;
  readonly judgement: Judgement;
}

/** What the rules of a table do with the packet. `accepted`: it goes on, with `packet` as it is then. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly by: string }
  | { readonly kind: 'redirected'; readonly port: number; readonly by: string }
  | { readonly kind: 'translated'; readonly to: string; readonly by: string }
  | { readonly kind: 'dropped' | 'rejected' | 'unknown'; readonly by: string };

export interface Walk {
  readonly steps: readonly Step[];
  readonly verdict: Verdict;
  readonly packet: Packet;
}

/** A rule set that jumps in a circle, or is made to keep meshx busy, ends here. */
const MOST_STEPS = 20_000;
const MOST_JUMPS = 64;

/** Follows a packet through one built-in chain of a table. Pure. */
export function walk(tables: Tables, table: string, hook: string, packet: Packet): Walk {
  const walker = new Walker(tables.get(table) ?? new Map(), table, packet);
  const verdict = walker.follow(hook, 0) ?? policyOf(tables.get(table)?.get(hook), hook);
  return { steps: walker.steps, verdict, packet: walker.packet };
}

function policyOf(chain: Chain | undefined, hook: string): Verdict {
  const by = `the policy of ${hook}`;
  return chain?.policy === 'DROP' ? { kind: 'dropped', by } : { kind: 'accepted', by };
}

class Walker {
  readonly steps: Step[] = [];
  packet: Packet;
  readonly #chains: ReadonlyMap<string, Chain>;
  readonly #table: string;

  constructor(chains: ReadonlyMap<string, Chain>, table: string, packet: Packet) {
    this.#chains = chains;
    this.#table = table;
    this.packet = packet;
  }

  /** The verdict of a chain; undefined when the packet returns from it. */
  follow(chain: string, depth: number): Verdict | undefined {
    for (const rule of this.#chains.get(chain)?.rules ?? []) {
      if (this.steps.length >= MOST_STEPS || depth > MOST_JUMPS)
        return { kind: 'unknown', by: 'too many rules and jumps' };
      const judgement = matches(rule, this.packet);
      this.steps.push({ table: this.#table, chain, rule: rule.text, depth, judgement });
      if (judgement.holds !== 'yes' || !rule.target) continue;
      if (rule.target.name === 'RETURN') return undefined;
      const verdict = this.#chains.has(rule.target.name) ? this.follow(rule.target.name, depth + 1) : this.#act(rule);
      if (verdict || rule.target.goto) return verdict;
    }
    return undefined;
  }

  /** The verdict of a target; undefined for one after which the next rule follows. */
  #act(rule: Rule): Verdict | undefined {
    const { name, words }: Pick<Target, 'name' | 'words'> = rule.target ?? { name: '', words: [] };
    const by = rule.text;
    const value = (option: string): string => words[words.indexOf(option) + 1] ?? '';
    if (name === 'ACCEPT') return { kind: 'accepted', by };
    if (name === 'DROP') return { kind: 'dropped', by };
    if (name === 'REJECT') return { kind: 'rejected', by };
    if (name === 'REDIRECT') return redirect(words, { by, port: this.packet.port });
    if (name === 'DNAT') return { kind: 'translated', to: value('--to-destination'), by };
    if (name === 'MARK') return this.#mark(value('--set-xmark'), by);
    if (name === 'NOTRACK' || (name === 'CT' && words.includes('--notrack')))
      this.packet = { ...this.packet, untracked: true };
    return HARMLESS.has(name) ? undefined : { kind: 'unknown', by };
  }

  /** `--set-xmark VALUE/MASK` clears the bits of the mask, then toggles those of the value. */
  #mark(text: string, by: string): Verdict | undefined {
    const [value = '', mask = '0xffffffff'] = text.split('/');
    if (text === '' || !Number.isInteger(Number(value)) || !Number.isInteger(Number(mask)))
      return { kind: 'unknown', by };
    this.packet = { ...this.packet, mark: ((this.packet.mark & ~Number(mask)) ^ Number(value)) >>> 0 };
    return undefined;
  }
}

/** Targets that let the packet go on to the next rule. */
const HARMLESS = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'CT',
  'NOTRACK',
  'CONNMARK',
  'TRACE',
  'TCPMSS',
  'DSCP',
  'TOS',
  'SET',
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
]);

function redirect(words: readonly string[], { by, port }: { readonly by: string; readonly port: number }): Verdict {
  const at = words.indexOf('--to-ports');
  if (at < 0) return { kind: 'redirected', port, by };
  const to = Number(words[at + 1]);
  return Number.isInteger(to) ? { kind: 'redirected', port: to, by } : { kind: 'unknown', by };
}

/** The packet behind a translation: a redirect leads to this machine. */
export function translated(packet: Packet, verdict: Verdict): Packet {
  if (verdict.kind !== 'redirected') return packet;
  const loopback = packet.family === 6 ? '::1' : '127.0.0.1';
  return packet.way === 'out'
    ? { ...packet, destination: loopback, port: verdict.port, device: 'lo', local: true }
    : { ...packet, port: verdict.port };
}
