import type { ReachChange, Reachability } from '../../vm/reachability/reachability.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { Seen } from '../check.ts';
import { type CheckGroup, one, timed } from '../run.ts';

/** What other machines reached before a change, and what differs after it. */
export interface Reach {
  readonly before: readonly Reachability[];
  readonly changes: readonly ReachChange[];
  /** Where meshx runs; outside the mesh by default. */
  readonly seat?: Seat;
}

/** Capture neither opened nor closed a port. */
export function reachGroup(reach: () => Promise<Reach>): CheckGroup {
  const title = 'others reach the ports of the machine as before';
  return one({ id: 'reachability', category: 'path', title }, () => timed(reach), judgeReach);
}

/** Judges what was reached before and after the change. */
export function judgeReach({ before, changes, seat }: Reach): Seen {
  const seen = reachSeen(before, changes);
  return seat?.outside === false ? { ...seen, detail: `${seen.detail}; not tried from here: ${seat.why}` } : seen;
}

function reachSeen(asked: readonly Reachability[], changes: readonly ReachChange[]): Seen {
  // If nothing answers, the machine is only reached through a jump host: nothing was seen from there.
  const seeing = asked.filter(({ answers }) => Object.values(answers).some((answer) => answer !== 'silent'));
  const count = new Set(seeing.flatMap(({ answers }) => Object.keys(answers))).size;
  if (count === 0) return { ok: 'skipped', detail: 'no listening port could be tried from outside' };
  if (changes.length === 0)
    return {
      ok: true,
      detail: `${count} ports answer as before, tried from ${seeing.map(({ from }) => from).join(', ')}`,
    };
  const shown = changes.map(({ port, before, after, from }) => `${port} was ${before} and is ${after} (from ${from})`);
  const opened = changes.some(({ after }) => after === 'open');
  const hint = opened
    ? 'The host firewall accepts what it dropped before: check its rules for redirected connections (ct status dnat, --ctstate DNAT).'
    : 'Check on the VM whether its firewall accepts captured connections: nft list ruleset, iptables-save; then: systemctl restart meshx-capture';
  return { ok: false, detail: shown.join(', '), hint };
}
