import { entryPortName } from '../../mesh/workload-labels.ts';
import { agentProblems } from '../../problems/agent.ts';
import type { RefusedFile } from './refused-file.ts';
import { SERVICE_FILE_ENDING, type ServiceDefinition } from './service-file.ts';

/** Services that agree with each other, and those that do not with an earlier one. */
export interface Agreeing {
  readonly services: readonly ServiceDefinition[];
  readonly refused: readonly RefusedFile[];
}

/**
 * All services of a VM share one entry, which has each port name, each label and the weight once. Of two services that contradict each
 * other the later one is refused. Pure. No two can have one name: it is that of the file.
 */
export function agreeing(definitions: readonly ServiceDefinition[]): Agreeing {
  return definitions.reduce(withOne, { services: [], refused: [] });
}

function withOne({ services, refused }: Agreeing, next: ServiceDefinition): Agreeing {
  const reason = services.map((one) => contradiction(one, next)).find((each) => each !== undefined);
  if (reason === undefined) return { services: [...services, next], refused };
  const file = `${next.name}${SERVICE_FILE_ENDING}`;
  return { services, refused: [...refused, { file, problem: agentProblems.fileRefused({ file, reason }) }] };
}

function contradiction(one: ServiceDefinition, next: ServiceDefinition): string | undefined {
  const other = `${one.name}${SERVICE_FILE_ENDING}`;
  const names = one.ports.map(entryPortName);
  const port = next.ports.find((each) => names.includes(entryPortName(each)));
  // The state of a service is the presence of its ports, so no two services can share one.
  if (port) return `port ${port.name}: ${port.number} is already that of ${other}`;
  const weights = [one.weight, next.weight];
  if (!weights.includes(undefined) && one.weight !== next.weight)
    return `weight ${next.weight} differs from ${one.weight} in ${other}; a VM has one weight`;
  const label = Object.keys(next.labels).find((key) => (one.labels[key] ?? next.labels[key]) !== next.labels[key]);
  return label && `label ${label} has another value in ${other}; a VM has each label once`;
}
