import { readAmbient } from '../../cluster/current-facts.ts';
import type { FactsOptions } from '../../cluster/facts.ts';
import { detectGeneration } from '../../cluster/detect-generation.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { begin, readOnce } from '../../cluster/read-once.ts';
import { serviceRef } from '../../cluster/refs.ts';
import { automaticGroup, entryAddress, listEntries } from '../../cluster/entries.ts';
import { parseWorkloadIp } from '../../mesh/address.ts';
import { ACCOUNT_ANNOTATION } from '../../mesh/classic/account.ts';
import { tunnelled } from '../../mesh/current/ambient.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { workloadOf } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { parseAnnotations, parseLabels } from '../../mesh/labels.ts';
import { parseName } from '../../mesh/names.ts';
import { labelsLine, registeringLine, updatedLine } from '../../mesh/registering-line.ts';
import { parseServicePorts, type ServicePort } from '../../mesh/service-port.ts';
import type { Workload } from '../../mesh/workload.ts';
import { changeCluster } from '../cluster-change.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { planRegistration } from '../../cluster/registration.ts';
import type { Registration } from '../../cluster/registration-request.ts';
import { present } from '../../present.ts';

/** istioctl's default (acceptance F51). */
const DEFAULT_ACCOUNT = 'default';

/** `meshx register NAME IP PORT…` */
export async function register(call: Call): Promise<number> {
  const input = new Input('register', call);
  const words = {
    cluster: clusterOptions(input),
    namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
  };
  const endpoint = endpointOf(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  refuseForeignVariables(call.world.env);

  const { signal } = call.world;
  const { kube, namespace, facts } = await openCluster(call.world, words.cluster, words.namespace);
  const once = readOnce(kube);
  // What a current cluster needs next; most are current ones.
  begin(listEntries(once, namespace, signal), once.get(serviceRef(namespace, endpoint.service), signal));
  const generation = await detectGeneration(once, facts);
  const create = input.flag('createNamespace');
  const target = { kube: once, namespace, create, signal, facts };
  const registration = generation === 'classic' ? classic(endpoint, target) : await current(endpoint, target);
  const { plan, counts } = await planRegistration(once, registration, signal);

  const account = generation === 'classic' ? { [ACCOUNT_ANNOTATION]: endpoint.serviceAccount } : {};
  const lines = [
    registeringLine(endpoint),
    `${labelsLine(endpoint.labels, { ...endpoint.annotations, ...account })}, namespace ${namespace}, service account ${endpoint.serviceAccount}`,
    ...counts.map((count) => updatedLine(endpoint.service, count)),
  ];
  const code = await changeCluster(input, { kube, plan, output, lines });
  const onEntry = registration.generation === 'current' && !registration.wanted.fixedEntry;
  // The cluster's side alone: the machine captures a new port only when it is told.
  if (onEntry) call.terminal.err(captureNote(registration.wanted.workload, endpoint.address));
  return code;
}

function captureNote({ group, namespace }: Workload, address: string): string {
  return `${address} is a VM of WorkloadGroup ${namespace}/${group}; it captures new ports after: meshx setup-vm VM -n ${namespace} --workload-group ${group}`;
}

interface Endpoint {
  readonly service: string;
  readonly address: string;
  readonly ports: readonly ServicePort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly rest: Pick<Workload, 'network' | 'locality' | 'weight'>;
}

function endpointOf(input: Input): Endpoint {
  const [name = '', ip = '', ...ports] = input.call.args;
  return {
    service: input.attempt('<name>', () => parseName(name, 'service')) ?? '',
    address: input.attempt('<ip>', () => parseWorkloadIp(ip)) ?? '',
    ports: input.attempt('<port>', () => parseServicePorts(ports)) ?? [],
    labels: input.attempt('--labels', () => parseLabels(input.list('labels'))) ?? {},
    annotations: input.attempt('--annotations', () => parseAnnotations(input.list('annotations'))) ?? {},
    serviceAccount: input.parsed('serviceAccount', (text) => parseName(text, 'serviceAccount')) ?? DEFAULT_ACCOUNT,
    rest: present({
      network: input.parsed('network', (text) => parseName(text)),
      locality: input.text('locality'),
      weight: input.number('weight', [1, 4_294_967_295]),
    }),
  };
}

function classic({ rest: _rest, ...endpoint }: Endpoint, { namespace, create }: Target): Registration {
  return { generation: 'classic', wanted: [{ ...endpoint, namespace }], ...(create && { createNamespace: namespace }) };
}

interface Target {
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly facts: FactsOptions;
  readonly create: boolean;
  readonly signal: AbortSignal;
}

/**
 * A machine whose sidecar has registered itself gets the service on its own entry; any other machine gets a fixed entry.
 * Both beside each other would count the machine twice. The root namespace is taken for the control plane's.
 */
async function current(endpoint: Endpoint, target: Target): Promise<Registration> {
  const { kube, namespace, create, signal, facts } = target;
  const { istioNamespace } = facts;
  const make = { createNamespace: create, createServiceAccount: create };
  const service = { name: endpoint.service, ports: endpoint.ports };
  const entries = await listEntries(kube, namespace, signal);
  const automatic = entries.find(
    (entry) => automaticGroup(entry) !== undefined && entryAddress(entry) === endpoint.address,
  );
  const name = automatic && automaticGroup(automatic);
  const group = name && (await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal));
  if (group) {
    const before = workloadOf(group);
    const { labels, rest } = endpoint;
    if (before.foreignGroup) refuseContradictions(before, { rest: { ...rest, labels, services: [service] } });
    const joined = { ...before, ...rest, labels: { ...before.labels, ...labels }, services: [service] };
    const workload = (await readAmbient(kube, facts)) ? tunnelled(joined) : joined;
    return { generation: 'current', istioNamespace, wanted: { workload } };
  }
  const { labels, annotations, serviceAccount, rest, address } = endpoint;
  const workload = {
    ...rest,
    group: endpoint.service,
    namespace,
    serviceAccount,
    labels,
    annotations,
    services: [service],
  };
  return { generation: 'current', istioNamespace, wanted: { workload, fixedEntry: { address }, ...make } };
}
