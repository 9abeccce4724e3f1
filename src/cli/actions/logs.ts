import { openCluster } from '../../operations/connection/cluster.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { readLogs } from '../../operations/logs/read-logs.ts';
import type { LogSource } from '../../operations/logs/sources.ts';
import { parseName } from '../../mesh/names.ts';
import { present } from '../../present.ts';
import { visibleJson } from '../../visible.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { entryDocument, formatEntry, formatGroup } from '../logs/format-entry.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat } from '../print.ts';

/** `meshx logs VM`: access logs of the VM's sidecar and of pods, joined. */
export async function logs(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const [vm = ''] = args;
  const input = new Input('logs', call);
  const [machine, cluster] = [machineOptions(input), clusterOptions(input)];
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const tail = input.number('tail', [1, 100_000]) ?? 200;
  const requestId = input.text('requestId');
  const follow = input.flag('follow');
  const sides = [...sidesOf(input, 'client'), ...sidesOf(input, 'server')];
  input.accept();

  const pods = sides.filter(({ name }) => name !== vm);
  const opened = pods.length > 0 ? await openCluster(world, cluster, namespace) : undefined;
  await using host = await openMachine(world, machine, vm);
  const sources = [
    { kind: 'vm' as const, name: vm, host, ...present({ role: vmRole(vm, sides) }) },
    ...pods.map(({ name, role, pod, namespace: own }): LogSource => {
      if (!opened) throw new TypeError('a pod needs a cluster');
      return { kind: 'pod', name, role, pod, kube: opened.kube, namespace: own ?? opened.namespace };
    }),
  ];
  const report = await readLogs(sources, { tail, signal: world.signal, ...present({ requestId }) });
  for (const note of report.notes) terminal.err(`note: ${note}`);
  if (output !== 'text' && !follow) {
    const requests = report.groups.map((group) => group.map(entryDocument));
    return terminal.out(formatDocument({ vm, requests, notes: report.notes }, output));
  }
  if (output === 'text') for (const group of report.groups) terminal.out(formatGroup(group));
  else for (const entry of report.groups.flat()) terminal.out(oneDocument(entryDocument(entry), output));
  if (!follow) return;
  await untilStopped(world.signal, async () => {
    for await (const entry of report.more)
      terminal.out(output === 'text' ? formatEntry(entry) : oneDocument(entryDocument(entry), output));
  });
}

/** The end that the operator chose is a good one. */
async function untilStopped(signal: AbortSignal, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** One line of JSON for each entry, or one document of YAML. */
function oneDocument(entry: object, output: Exclude<OutputFormat, 'text'>): string {
  return output === 'json' ? `${visibleJson(entry)}\n` : `---\n${formatDocument(entry, 'yaml')}`;
}

interface Side {
  readonly name: string;
  readonly role: 'client' | 'server';
  readonly pod: string;
  readonly namespace?: string;
}

function sidesOf(input: Input, role: Side['role']): readonly Side[] {
  return input.list(role).flatMap((name) => {
    if (name === input.call.args[0]) return [{ name, role, pod: name }];
    const [, pod = name, namespace] = /^(.+)\.([^.]+)$/.exec(name) ?? [];
    const read = () => ({
      pod: parseName(pod, 'subdomain'),
      ...(namespace !== undefined && { namespace: parseName(namespace, 'namespace') }),
    });
    const found = input.attempt(`--${role}`, read);
    return found ? [{ name, role, ...found }] : [];
  });
}

/** The VM is on the other side of the pods, unless it is named. */
function vmRole(vm: string, sides: readonly Side[]): Side['role'] | undefined {
  const named = sides.find(({ name }) => name === vm);
  const [role, other] = new Set(sides.filter(({ name }) => name !== vm).map((side) => side.role));
  if (named || role === undefined || other !== undefined) return named?.role;
  return role === 'client' ? 'server' : 'client';
}
