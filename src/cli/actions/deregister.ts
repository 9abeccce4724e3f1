import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { type ClusterPlan, clusterPlanLines } from '../../cluster/api/plan.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { planDeregister } from '../../operations/deregister.ts';
import { changeCluster, changeOptions } from '../cluster-change.ts';
import type { Call } from '../command.ts';
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
  await confirmed(call, { plan, service, namespace, yes: input.flag('yes') || input.flag('dryRun') });
  return changeCluster(input, { kube, plan, output, lines });
}

interface Asked {
  readonly plan: ClusterPlan;
  readonly service: string;
  readonly namespace: string;
  /** Nothing to confirm. */
  readonly yes: boolean;
}

/** Lists the objects to delete, and asks for confirmation. Throws `needs-confirmation`, `not-confirmed-by-you`. */
async function confirmed({ terminal }: Call, { plan, service, namespace, yes }: Asked): Promise<void> {
  const writes = clusterPlanLines(plan);
  if (yes || writes.length === 0) return;
  const what = `To take ${service} out of namespace ${namespace} (${writes.join(', ')})`;
  if (!terminal.ask) throw cliProblems.needsConfirmation({ what });
  const answer = await terminal.ask(`Take ${service} out of namespace ${namespace}: ${writes.join(', ')}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim()))
    throw leavingProblems.notConfirmed({
      vm: `Service ${namespace}/${service}`,
      command: `meshx deregister ${service} -n ${namespace}`,
    });
}
