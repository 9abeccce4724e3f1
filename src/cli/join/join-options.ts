import type { JoinOptions } from '../../vm/membership-record.ts';
import type { Input } from '../input.ts';

/** Options that are a VM's own, the risks accepted for it among them. What all VMs of a group share is remembered by its WorkloadGroup. */
const OF_THE_VM: readonly string[] = ['vmAddress', 'excludePorts', 'captureDns', 'acceptRisk'];

/** Options that say how this VM reaches its control plane. */
export const OF_THE_CLUSTER: readonly string[] = [
  ...['istioNamespace', 'revision', 'serviceCidr', 'istiodAddress', 'gateway', 'release', 'clusterDomain', 'clusterId'],
];

/** Options of a join that the next run on the same VM repeats. */
export const REPEATED: readonly string[] = [...OF_THE_VM, ...OF_THE_CLUSTER];

const LISTS: readonly string[] = ['excludePorts', 'serviceCidr', 'acceptRisk'];

/** What was typed for one of them; undefined when it was not. DNS capture is on unless it is switched off. */
export function typedOption(input: Input, name: string): JoinOptions[string] | undefined {
  if (name === 'captureDns') return input.call.given[name] === false ? false : undefined;
  if (!LISTS.includes(name)) return input.text(name);
  const words = input.list(name);
  return words.length === 0 ? undefined : words;
}

/** The options of this run that the next one repeats. */
export function joinOptions(input: Input): JoinOptions {
  const found = REPEATED.map((name) => [name, typedOption(input, name)] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}
