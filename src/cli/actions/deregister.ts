import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { clusterPlanLines } from '../../cluster/api/plan.ts';
import { planDeregister } from '../../operations/deregister.ts';
import { changeCluster, changeOptions } from '../cluster-change.ts';
import type { Call } from '../command.ts';
import { reviewLine } from '../command-line.ts';
import { confirm } from '../confirm.ts';
import { Input } from '../input.ts';
import { OUTPUT_FORMATS } from '../print.ts';

/** `meshx deregister NAME [IP]` */
export async function deregister(call: Call): Promise<number> {
  const input = new Input('deregister', call);
  const [name = '', ip] = call.args;
  const place = changeOptions(input);
  const service = input.attempt('<name>', () => parseName(name, 'service')) ?? '';
  const address = ip === undefined ? undefined : input.attempt('[ip]', () => parseIp(ip));
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const keepService = input.flag('keepService');
  const { kube, namespace, plan } = await planDeregister(call.world, { ...place, service, address, keepService });
  const lines = [
    `Deregistering service '${service}' ${address === undefined ? 'with all its addresses' : `ip '${address}'`}, namespace ${namespace}`,
  ];
  const writes = clusterPlanLines(plan);
  if (writes.length > 0 && !input.flag('yes') && !input.flag('dryRun'))
    await confirm(call.terminal, {
      subject: `Service ${namespace}/${service}`,
      task: `remove ${service} from namespace ${namespace}`,
      changes: writes.join(', '),
      review: reviewLine('deregister', { given: { ...call.given, namespace } }, ...call.args),
    });
  return changeCluster(input, { kube, plan, output, lines });
}
