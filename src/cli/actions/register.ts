import type { Endpoint } from '../../cluster/registration/endpoint.ts';
import { parseWorkloadIp } from '../../mesh/address.ts';
import { parseAnnotations, parseLabels } from '../../mesh/labels.ts';
import { parseName } from '../../mesh/names.ts';
import { labelsLine, registeringLine, updatedLine } from '../../mesh/registering-line.ts';
import { parseServicePorts } from '../../mesh/service-port.ts';
import type { Workload } from '../../mesh/workload.ts';
import { planRegister } from '../../operations/register.ts';
import { changeCluster, changeOptions } from '../cluster-change.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { present } from '../../present.ts';

/** istioctl's default. */
const DEFAULT_ACCOUNT = 'default';

/** `meshx register NAME IP PORT…` */
export async function register(call: Call): Promise<number> {
  const input = new Input('register', call);
  const place = changeOptions(input);
  const endpoint = endpointOf(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  refuseForeignVariables(call.world.env);

  const create = input.flag('createNamespace');
  const { kube, namespace, plan, counts, account, member, unverified } = await planRegister(call.world, {
    ...place,
    endpoint,
    create,
  });
  const lines = [
    registeringLine(endpoint),
    `${labelsLine(endpoint.labels, { ...endpoint.annotations, ...account })}, namespace ${namespace}, service account ${endpoint.serviceAccount}`,
    ...counts.map((count) => updatedLine(endpoint.service, count)),
  ];
  const code = await changeCluster(input, { kube, plan, output, lines });
  // Only the cluster's side: the machine captures a new port only after `configure`.
  if (unverified !== undefined)
    call.terminal.err(
      `note: ${unverified}. A VM with a sidecar joins with meshx up, and is verified with meshx verify vm`,
    );
  if (member) call.terminal.err(captureNote(member, endpoint.address));
  return code;
}

function captureNote({ group, namespace }: Workload, address: string): string {
  return `${address} is a VM of WorkloadGroup ${namespace}/${group}; it captures new ports after: meshx setup-vm VM -n ${namespace} --workload-group ${group}`;
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
