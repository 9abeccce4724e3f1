import { lines } from '../../vm/preflight/probe.ts';
import { isLoopback, parseListeners } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { refusing } from '../preflight/firewall.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

/** Where ambient clients reach a workload: HBONE. */
const HBONE = 15008;

/** What ambient clients need of a VM. */
export const ambientVmChecks: readonly VmCheck[] = [
  {
    ...{ id: 'ambient-port', category: 'sidecar', severity: 'error' },
    title: 'ambient clients can connect to the sidecar',
    needs: [...SUBJECT, 'isAmbient', 'machine', 'ready'],
    judge: port,
  },
];

/** A sidecar that is not ready has a finding of its own. */
function port(facts: VmFacts): readonly Seen[] {
  if (!facts.isAmbient || !/^ready/m.test(facts.ready)) return [];
  const listeners = parseListeners(lines(facts.machine, 'tcp')).filter((each) => each.port === HBONE);
  if (!listeners.some((each) => !isLoopback(each))) {
    const detail = `the mesh is ambient, and nothing listens on port ${HBONE}: its clients cannot reach the VM`;
    const hint = `Let the join turn HBONE on, which restarts the sidecar: ${facts.meshx('up', '--restart')}`;
    return [wrongOn(facts, detail, { hint })];
  }
  const firewall = refusing(facts.machine, HBONE, { family: 4 });
  if (firewall === undefined) return [];
  const detail = `${firewall} accepts no connection to port ${HBONE}, by which ambient clients reach the VM`;
  const hint = `Accept it in the host's firewall, and in that of the cloud; the rules are: ${facts.ssh('nft', 'list', 'ruleset')}`;
  return [wrongOn(facts, detail, { hint })];
}
