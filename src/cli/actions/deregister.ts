import { planClassicDeregistration } from '../../cluster/classic-registration.ts';
import { planCurrentDeregistration } from '../../cluster/current-deregistration.ts';
import { detectGeneration } from '../../cluster/facts.ts';
import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { changeCluster } from '../cluster-change.ts';
import { clusterInput, openCluster } from '../cluster.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { present } from '../workload-input.ts';

/** `meshx deregister NAME [IP]` */
export async function deregister(call: Call): Promise<number> {
  const input = new Input('deregister', call);
  const [name = '', ip] = call.args;
  const words = {
    cluster: clusterInput(input),
    namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
  };
  const service = input.attempt('<name>', () => parseName(name, 'service')) ?? '';
  const address = ip === undefined ? undefined : input.attempt('[ip]', () => parseIp(ip));
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const { signal } = call.runtime;
  const { kube, namespace } = await openCluster(input, words.cluster, words.namespace);
  const wanted = { namespace, service, signal, keepService: input.flag('keepService'), ...present({ address }) };
  const generation = await detectGeneration(kube, words.cluster.facts);
  const plan =
    generation === 'classic'
      ? (await planClassicDeregistration(kube, wanted)).plan
      : await planCurrentDeregistration(kube, wanted);
  const lines = [
    `Deregistering service '${service}' ${address === undefined ? 'with all its addresses' : `ip '${address}'`}, namespace ${namespace}`,
  ];
  return changeCluster(input, { kube, plan, output, lines });
}
