import type { Packet } from './packet.ts';
import type { Tables } from './rules.ts';
import { type Step, translated, type Verdict, walk } from './walk.ts';

/** What the rules of one iptables program do with a packet. */
export interface Explained {
  /** `iptables-nft`. */
  readonly program: string;
  readonly steps: readonly Step[];
  readonly verdict: Verdict;
  /** The table that gave the verdict. */
  readonly table: string;
}

/** In the order in which the kernel asks them; nat only for what it tracks. */
const TABLES = ['raw', 'mangle', 'nat', 'filter'] as const;

/** Follows the first packet of a connection through the tables of one program. Pure. */
export function explain(program: string, tables: Tables, first: Packet): Explained {
  const [before, after] = first.way === 'out' ? ['OUTPUT', 'OUTPUT'] : ['PREROUTING', 'INPUT'];
  const steps: Step[] = [];
  let [packet, last] = [first, { verdict: GOES_ON, table: 'nat' } as Pick<Explained, 'verdict' | 'table'>];
  for (const table of TABLES) {
    if (table === 'nat' && packet.untracked) continue;
    const walked = walk(tables, table, table === 'filter' ? after : before, packet);
    steps.push(...walked.steps);
    const { verdict } = walked;
    if (verdict.kind !== 'accepted') last = { verdict, table };
    else if (table === 'nat') last = { verdict, table };
    packet = translated(walked.packet, verdict);
    // Where a translation leads, the filter's rules for the new address apply; meshx follows redirects only.
    if (!['accepted', 'redirected'].includes(verdict.kind)) break;
  }
  return { program, steps, ...last };
}

const GOES_ON: Verdict = { kind: 'accepted', by: 'no rule' };

/** Rules that could match: if one does, the verdict may be another. */
export function doubts({ steps }: Explained): readonly Step[] {
  return steps.filter(({ judgement }) => judgement.holds === 'unknown');
}

/** The program whose rules decide: what stops a packet, then what sends it elsewhere. `several`: two send it to different places. */
export function decisive(all: readonly Explained[]): { readonly one?: Explained; readonly several: boolean } {
  const of = (...kinds: readonly Verdict['kind'][]): readonly Explained[] =>
    all.filter(({ verdict }) => kinds.includes(verdict.kind));
  const [stopped] = of('dropped', 'rejected');
  const elsewhere = of('redirected', 'translated');
  const places = new Set(
    elsewhere.map(({ verdict }) => ('port' in verdict ? verdict.port : 'to' in verdict ? verdict.to : '')),
  );
  const one = stopped ?? of('unknown')[0] ?? elsewhere[0] ?? all[0];
  return { several: !stopped && places.size > 1, ...(one && { one }) };
}
