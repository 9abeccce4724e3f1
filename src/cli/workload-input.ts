import type { Workload } from '../mesh/workload.ts';
import { parseLabels } from '../mesh/labels.ts';
import { parseName } from '../mesh/names.ts';
import { parseCheck } from '../mesh/probe.ts';
import { parseServices } from './services.ts';
import type { WorkloadOptions } from '../operations/join/options.ts';
import type { Input } from './input.ts';
import { present } from '../present.ts';

/** Reads the options of GROUP_OPTIONS. Issues are collected in the input. */
export function workloadOptions(input: Input): WorkloadOptions {
  const services = input.attempt('--service', () => parseServices(input.list('service'))) ?? [];
  const rest = {
    labels: input.attempt('--labels', () => parseLabels(input.list('labels'))) ?? {},
    services,
    network: input.parsed('network', (text) => parseName(text)),
    locality: input.text('locality'),
    weight: input.number('weight', [1, 4_294_967_295]),
    probe: probeOf(input, services[0]?.ports[0]?.number),
  };
  return {
    ...present({
      group: input.parsed('workloadGroup', (text) => parseName(text, 'group')),
      namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
      serviceAccount: input.parsed('serviceAccount', (text) => parseName(text, 'serviceAccount')),
    }),
    rest: { labels: rest.labels, services, ...present(rest) },
    captureDns: input.flag('captureDns'),
  };
}

/** A readiness probe needs a port: that of the first service. */
function probeOf(input: Input, port: number | undefined): Workload['probe'] {
  if (input.text('probe') !== undefined && port === undefined) input.issue('--probe: it needs a --service to probe');
  return input.parsed('probe', (text) => parseCheck(text, port ?? 1));
}
