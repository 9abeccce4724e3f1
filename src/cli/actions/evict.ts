import type { ClusterPlan } from '../../cluster/api/plan.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Eviction } from '../../mesh/current/eviction.ts';
import { parseName } from '../../mesh/names.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { type EvictOptions, planEvict, planLift } from '../../operations/evict.ts';
import type { World } from '../../world.ts';
import { changeCluster, changeOptions, needConfirmation } from '../cluster-change.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { acceptedRisks } from '../risks.ts';

/** `meshx evict VM|GROUP [--lift]` */
export async function evict(call: Call): Promise<number> {
  const input = new Input('evict', call);
  const place = changeOptions(input);
  const target = input.attempt('<vm>', () => parseTarget(call.args[0] ?? '')) ?? '';
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const accountShared = clusterProblems.accountShared.id;
  const acceptShared = acceptedRisks(input, [accountShared]).includes(accountShared);
  input.accept();

  const options = { ...place, target, acceptShared };
  const { kube, plan, lines, limits } = await (input.flag('lift') ? lifted : evicted)(call.world, options);
  needConfirmation(input, plan);
  const exitCode = await changeCluster(input, { kube, plan, output, lines });
  for (const line of limits) call.terminal.err(line);
  return exitCode;
}

/** A name or an address; the cluster decides which. */
function parseTarget(text: string): string {
  return /^[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*$/.test(text) ? text : parseName(text, 'subdomain');
}

interface Asked {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
  readonly lines: readonly string[];
  /** What the evicted machine can still do, and what remains to do. */
  readonly limits: readonly string[];
}

async function evicted(world: World, options: EvictOptions): Promise<Asked> {
  const { kube, plan, eviction, shared } = await planEvict(world, options);
  const { namespace, group, principal, addresses } = eviction;
  const denied = addresses.length === 0 ? principal : `${principal} and plaintext from ${addresses.join(', ')}`;
  return {
    kube,
    plan,
    lines: [
      `Evicting ${namespace}/${group}: every workload of the mesh denies ${denied}`,
      ...shared.map((each) => `${each} has the same identity and is denied too`),
    ],
    limits: limitsOf(eviction),
  };
}

async function lifted(world: World, options: EvictOptions): Promise<Asked> {
  const { kube, plan, eviction } = await planLift(world, options);
  const { namespace, group } = eviction;
  return {
    kube,
    plan,
    lines: [`Lifting the eviction of ${namespace}/${group}`],
    limits: [
      `note: ${group} registers itself when its sidecar connects to istiod again: within 30 minutes, or at once after systemctl restart istio on it`,
    ],
  };
}

/** The limits of a policy, printed on every run, because an operator may expect more of an eviction. */
function limitsOf({ principal, kept }: Eviction): readonly string[] {
  const account = kept.some(({ kind }) => kind === 'ServiceAccount');
  return [
    `note: istiod renews a certificate for anyone holding a valid one, even if its service account is gone: keep the policy until you know that the key of ${principal} is destroyed`,
    "note: HTTP is denied from the next request on; an open TCP connection lasts until Envoy has drained its listener (the mesh's drainDuration, 45 s by default); workloads without a sidecar deny nothing",
    'note: its own sidecar gets no configuration any more, because its group is deleted; a modified sidecar that names no group can still read what proxies of its namespace can',
    ...(account
      ? []
      : ['note: the service account is kept, because it does not belong to this machine alone; its tokens stay valid']),
  ];
}
