import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { parseIp } from '../../mesh/address.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { deliver, GENERATOR_FORMATS } from './generated-files.ts';
import { present } from '../../present.ts';

const PLACE = '/etc/dnsmasq.d/kubedns';

/** `meshx generate-dnsmasq` */
export async function generateDnsmasq(call: Call): Promise<void> {
  const input = new Input('generate-dnsmasq', call);
  const words = clusterOptions(input);
  const dnsAddress = input.parsed('dnsAddress', parseIp);
  input.choice('output', GENERATOR_FORMATS);
  input.accept();
  refuseForeignVariables(call.world.env);

  const { kube, facts: known } = await openCluster(call.world, words);
  const facts = await gatherClusterFacts(kube, { ...known, skip: ['serviceRange'] });
  const text = meshGeneration(facts.generation).kubedns(facts, present({ dnsAddress }));
  const install = `sudo install -m 0644 kubedns ${PLACE} && sudo systemctl restart dnsmasq`;
  await deliver(input, [{ name: 'kubedns', text, place: PLACE, install }]);
}
