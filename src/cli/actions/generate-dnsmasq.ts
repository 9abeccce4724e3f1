import { parseIp } from '../../mesh/address.ts';
import { generateKubedns } from '../../operations/generate/kubedns.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { deliver, GENERATOR_FORMATS } from './generated-files.ts';

/** `meshx generate-dnsmasq` */
export async function generateDnsmasq(call: Call): Promise<void> {
  const input = new Input('generate-dnsmasq', call);
  const cluster = clusterOptions(input);
  const dnsAddress = input.parsed('dnsAddress', parseIp);
  input.choice('output', GENERATOR_FORMATS);
  input.accept();
  refuseForeignVariables(call.world.env);

  const file = await generateKubedns(call.world, cluster, dnsAddress);
  const install = `sudo install -m ${file.mode} ${file.name} ${file.place} && sudo systemctl restart dnsmasq`;
  await deliver(input, [{ ...file, install }]);
}
