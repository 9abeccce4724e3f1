import type { ReachChange, Reachability } from '../../vm/reachability/reachability.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { Check, Seen } from '../check.ts';

/** What was asked before a change and after it. */
export interface Reach {
  readonly before: readonly Reachability[];
  readonly changes: readonly ReachChange[];
  /** Where meshx runs; outside the mesh when absent. */
  readonly seat?: Seat;
}

interface ReachFacts {
  readonly reach: Reach;
}

/** Capture neither opened nor closed a port. */
export const reachChecks: readonly Check<ReachFacts>[] = [
  {
    id: 'reachability',
    category: 'path',
    title: 'others reach the ports of the machine as before',
    severity: 'error',
    needs: ['reach'],
    judge: ({ reach }) => [judgeReach(reach)],
  },
];

function judgeReach({ before, changes, seat }: Reach): Seen {
  const seen = reachSeen(before, changes);
  return seat?.outside === false ? { ...seen, detail: `${seen.detail}; not asked from here: ${seat.why}` } : seen;
}

/** What the comparison says. */
function reachSeen(asked: readonly Reachability[], changes: readonly ReachChange[]): Seen {
  // Where nothing answers at all there is no way to the machine but SSH through another: nothing was seen from there.
  const seeing = asked.filter(({ answers }) => Object.values(answers).some((answer) => answer !== 'silent'));
  const count = new Set(seeing.flatMap(({ answers }) => Object.keys(answers))).size;
  if (count === 0) return { ok: 'skipped', detail: 'no port that listens could be asked from outside' };
  if (changes.length === 0)
    return {
      ok: true,
      detail: `${count} ports answer as before, asked from ${seeing.map(({ from }) => from).join(', ')}`,
    };
  const shown = changes.map(({ port, before, after, from }) => `${port} was ${before} and is ${after} (from ${from})`);
  const opened = changes.some(({ after }) => after === 'open');
  const hint = opened
    ? 'The host firewall lets in what it kept out: check its rules for redirected connections (ct status dnat, --ctstate DNAT).'
    : 'Look on the VM whether its firewall follows capture: nft list ruleset, iptables-save; then: systemctl restart meshx-capture';
  return { ok: false, detail: shown.join(', '), hint };
}
