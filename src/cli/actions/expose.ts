import { exposureCells, type ExposureStatus } from '../../cluster/facts/exposure-status.ts';
import { type Provider, PROVIDERS, type Via } from '../../mesh/exposure.ts';
import { parseIp } from '../../mesh/address.ts';
import {
  type Exposure,
  planExpose,
  planUnexpose,
  readExposure,
  showExposure,
  waitUntilGone,
} from '../../operations/expose.ts';
import { changeCluster, needConfirmation } from '../cluster-change.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat, pasteable, problemRecord, tellProblem } from '../print.ts';
import { formatTable } from '../table.ts';
import { formatYaml } from '../../mesh/yaml-text.ts';
import { present } from '../../present.ts';

/** `meshx expose apply` */
export async function exposeApply(call: Call): Promise<number> {
  const input = new Input('expose apply', call);
  const words = clusterOptions(input);
  const asked = exposeWords(input, words);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const { world, terminal } = call;
  if (input.flag('print')) {
    const objects = await showExposure(world, words, asked);
    terminal.out(objects.map((object) => `---\n${formatYaml(object)}`).join(''));
    return EXIT.done;
  }
  const { kube, plan, loadBalancers, unlimited } = await planExpose(world, words, asked);
  if (loadBalancers > 0)
    terminal.err(`note: load balancers that will be made: ${loadBalancers}; most clouds bill them`);
  if (unlimited !== undefined) terminal.err(`note: agents of VMs get no rights in this cluster: ${unlimited}`);
  const exitCode = await changeCluster(input, { kube, plan, output, lines: [] });
  if (!input.flag('wait') || input.flag('dryRun')) return exitCode;
  return showStatus(input, await readExposure(world, words, kube), 'text');
}

/** `meshx expose status` */
export async function exposeStatus(call: Call): Promise<number> {
  const input = new Input('expose status', call);
  const words = clusterOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  return showStatus(input, await readExposure(call.world, words), output);
}

/** `meshx expose delete` */
export async function exposeDelete(call: Call): Promise<number> {
  const input = new Input('expose delete', call);
  const words = clusterOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  const { world, terminal } = call;
  const { kube, plan } = await planUnexpose(world, words);
  // VMs lose their way to the control plane.
  needConfirmation(input, plan);
  const exitCode = await changeCluster(input, { kube, plan, output, lines: [] });
  // A cluster that is deleted before its load balancers leaves these behind, billed and without an owner.
  if (plan.remove.length > 0)
    terminal.err('note: delete the cluster itself only when its load balancers are gone (--wait)');
  if (words.facts.wait && !input.flag('dryRun')) await waitUntilGone(world, words, { kube, plan });
  return exitCode;
}

function exposeWords(input: Input, { facts }: ClusterOptions): Exposure {
  const provider = input.choice('provider', PROVIDERS);
  const address = input.parsed('externalIp', parseIp);
  return {
    ...facts,
    signal: input.call.world.signal,
    ...present({
      via: viaOf(input, { provider, address }),
      mode: input.choice('mode', ['gateway', 'direct']),
      dns: input.flag('dns') || undefined,
      dnsTcp: input.flag('dnsTcp') || undefined,
    }),
  };
}

function viaOf(
  input: Input,
  { provider, address }: { readonly provider: Provider | undefined; readonly address: string | undefined },
): Via | undefined {
  const given = [provider, address, input.flag('nodePort') || undefined].filter((value) => value !== undefined);
  if (given.length > 1) input.issue('--provider, --external-ip and --node-port: only one of them');
  if (address !== undefined) return { kind: 'external-ip', address };
  if (input.flag('nodePort')) return { kind: 'nodeport' };
  return provider && { kind: 'loadbalancer', provider };
}

/** The table of the Services, and the first Problem if something is wrong. */
function showStatus({ call }: Input, { rows, problems }: ExposureStatus, output: OutputFormat): number {
  const { terminal } = call;
  const head = ['NAMESPACE', 'NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE'];
  if (output === 'text') terminal.out(formatTable([head, ...rows.map(exposureCells)]));
  else
    terminal.out(
      formatDocument(
        { services: rows, problems: problems.map((problem) => problemRecord(pasteable(terminal, problem))) },
        output,
      ),
    );
  const [first] = problems;
  if (first) return tellProblem(terminal, first);
  return EXIT.done;
}
