import { toShell } from '../../shell-words.ts';
import { formatServicePort } from '../../mesh/service-port.ts';
import type { Adopted } from '../../operations/adopt/adopted.ts';
import type { JoinOptions } from '../../operations/join/options.ts';

/** The `up` that would have joined the VM, as it can be typed: what the adoption adds, with the values that are used. */
export function upLine(vm: string, { cluster, vmAddress }: JoinOptions, adopted: Adopted): string {
  const services = adopted.services.flatMap(({ name, ports }) =>
    ports.map((port) => `${name}:${formatServicePort(port)}`),
  );
  const labels = Object.entries(adopted.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const option = (flag: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [flag, value];
  const words = [
    ...option('-n', adopted.namespace),
    ...option('--workload-group', adopted.group),
    ...services.flatMap((service) => option('--service', service)),
    ...option('--service-account', adopted.serviceAccount),
    ...labels.flatMap((label) => option('--labels', label)),
    ...option('--network', adopted.network),
    ...option('--vm-address', adopted.address && vmAddress),
    ...option('--istiod-address', adopted.istiodAddress && cluster.facts.address),
    ...(adopted.captureDns ? [] : ['--no-capture-dns']),
  ];
  return toShell(['meshx', 'up', vm, ...words]);
}
