import type { Seen } from '../check.ts';
import { isBypassed, SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const agent = { category: 'agent', severity: 'error' } as const;

/** meshx's agent on the VM, where one is installed. */
export const agentChecks: readonly VmCheck[] = [
  {
    ...{ ...agent, id: 'agent-runs' },
    title: 'the agent of the VM runs and answers',
    needs: [...SUBJECT, 'units', 'agent', 'agentState'],
    judge: runs,
  },
  {
    ...{ ...agent, id: 'agent-rights' },
    title: 'the agent may write what it sees into the cluster',
    needs: [...SUBJECT, 'agentState', 'now'],
    judge: rights,
  },
  {
    ...{ ...agent, id: 'agent-machine', severity: 'warning' },
    title: 'the machine is as the join left it, and the files of its services can be read',
    needs: [...SUBJECT, 'agentState', 'capture'],
    judge: machine,
  },
  {
    ...{ ...agent, id: 'service-health', category: 'service' },
    title: 'the services of the VM are healthy',
    needs: [...SUBJECT, 'agentState'],
    judge: health,
  },
];

const UNIT = 'meshx-agent.service';

function runs(facts: VmFacts): readonly Seen[] {
  if (facts.agent === null) return [];
  const unit = facts.units.find(({ name }) => name === UNIT);
  const hint = `Start it, and read why it ended: ${facts.ssh('systemctl', 'restart', UNIT)}; ${facts.ssh('journalctl', '-u', UNIT, '-n', '20', '--no-pager')}`;
  if (unit?.active !== 'active') {
    const state = unit?.load === 'masked' ? 'masked' : (unit?.active ?? 'not installed');
    return [
      wrongOn(facts, `${UNIT} is ${state}, so nothing reports the health of the services`, { hint, repair: 'join' }),
    ];
  }
  if (facts.agentState !== null) return [];
  return [wrongOn(facts, `${UNIT} runs and gives no answer`, { hint })];
}

/** By the health channel istiod hears of the whole VM only. */
function rights(facts: VmFacts): readonly Seen[] {
  if (facts.agentState === null) return [];
  const { mode, reason, tokenExpires } = facts.agentState;
  const why = reason === undefined ? '' : `: ${reason}`;
  const hint = `Renew its rights and its token: ${facts.meshx('rejoin')}; then look again: ${facts.ssh('meshx-agent', 'status')}`;
  if (mode === 'fenced') return [wrongOn(facts, `the agent does not write, as another one may do so${why}`, { hint })];
  if (tokenExpires !== undefined && Date.parse(tokenExpires) <= facts.now.getTime())
    return [wrongOn(facts, `the agent's token for the API server ended at ${tokenExpires}`, { hint, repair: 'join' })];
  if (mode === 'api') return [];
  const detail = `the agent cannot write to the cluster and reports by the sidecar only${why}`;
  return [wrongOn(facts, detail, { hint, severity: 'warning', repair: 'join' })];
}

function machine(facts: VmFacts): readonly Seen[] {
  if (facts.agentState === null) return [];
  const { deviations, invalidFiles } = facts.agentState;
  return [
    ...(isBypassed(facts) ? [] : deviations).map((each) => deviation(facts, each)),
    ...invalidFiles.map((each) =>
      wrongOn(facts, `a file of a service cannot be used: ${each}`, {
        hint: `Correct it; the agent reads it again by itself: ${facts.ssh('meshx-agent', 'status')}`,
      }),
    ),
  ];
}

/** As the agent words what it put right itself: it stays in its status until its next look. */
const PUT_RIGHT = /: (?:repaired|restored)$/;

function deviation(facts: VmFacts, what: string): Seen {
  if (!PUT_RIGHT.test(what))
    return wrongOn(facts, `the machine differs from its join: ${what}`, {
      hint: `Bring it back: ${facts.meshx('up')}`,
      repair: 'join',
    });
  const hint = `The agent has put it right; if it comes again, find who does it: ${facts.ssh('journalctl', '-u', UNIT, '-n', '20', '--no-pager')}`;
  return wrongOn(facts, `the machine differed from its join: ${what}`, { hint, severity: 'note' });
}

const WRONG: Readonly<Record<string, 'error' | 'warning'>> = { down: 'error', degraded: 'warning' };

function health(facts: VmFacts): readonly Seen[] {
  return (facts.agentState?.services ?? []).flatMap(({ name, state, reason }) => {
    const severity = WRONG[state];
    if (severity === undefined) return [];
    const hint = `Repair it; its probe is shown by: ${facts.ssh('meshx-agent', 'status')}`;
    return [wrongOn(facts, `${name} is ${state}: ${reason}`, { hint, severity })];
  });
}
