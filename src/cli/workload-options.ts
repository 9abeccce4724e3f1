import type { MeshService, Workload } from '../mesh/workload.ts';
import { parseLabels } from '../mesh/labels.ts';
import { parseName } from '../mesh/names.ts';
import { parsePort, parseServicePorts } from '../mesh/service-port.ts';
import { meshProblems } from '../problems/mesh.ts';
import { parseCheck } from '../mesh/probe.ts';
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
    strictPorts: input.attempt('--strict-port', () => input.list('strictPort').map(parsePort)) ?? [],
    ...present({ probeText: input.text('probe') }),
  };
}

/** A readiness probe needs a port: that of the first service. */
function probeOf(input: Input, port: number | undefined): Workload['probe'] {
  if (input.text('probe') !== undefined && port === undefined) input.issue('--probe: it needs a --service to probe');
  return input.parsed('probe', (text) => parseCheck(text, port ?? 1));
}

const FORM = 'NAME:PORT or NAME:PROTOCOL:PORT, as mysqldb:3306 or web:http:8080';

/**
 * The values of `--service`: the name up to the first colon, then a port as in `register`. The same name again adds a
 * port. Throws the Problems of names and ports.
 */
export function parseServices(words: readonly string[]): readonly MeshService[] {
  const ports = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf(':');
    if (at < 0) throw meshProblems.badPort({ text: word, wanted: 'a service with its port', form: FORM });
    const name = parseName(word.slice(0, at), 'service');
    ports.set(name, [...(ports.get(name) ?? []), word.slice(at + 1)]);
  }
  return [...ports].map(([name, texts]) => ({ name, ports: parseServicePorts(texts) }));
}
