import { Unreadable } from '../../documents/unreadable.ts';
import { readYaml } from '../../documents/yaml.ts';
import { mapping } from '../../mesh/unknown.ts';
import { ownAddresses } from '../../vm/preflight/addresses.ts';
import { lines } from '../../vm/preflight/probe.ts';
import { parseListeners } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { probeFault } from '../probe-way.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

/** The probe that pilot-agent runs, in the settings of the sidecar. */
export const probeChecks: readonly VmCheck[] = [
  {
    ...{ id: 'probe-way', category: 'service', severity: 'error' },
    title: "the sidecar's readiness probe can tell whether the service runs",
    needs: [...SUBJECT, 'machine', 'meshConfig'],
    judge: probes,
  },
];

function probes(facts: VmFacts): readonly Seen[] {
  const probe = mapping(mapping(mapping(settings(facts.meshConfig))['defaultConfig'])['readinessProbe']);
  const listeners = parseListeners(lines(facts.machine, 'tcp'));
  const fault = probeFault(probe, { addresses: ownAddresses(facts.machine), listeners });
  if (fault === undefined) return [];
  const hint = `Let the agent probe the service, at every address of the VM: ${facts.meshx('up', '--forget', 'agent', '--restart')}`;
  return [wrongOn(facts, fault, { hint })];
}

/** What cannot be read stops pilot-agent, which is a finding of its own. */
function settings(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
