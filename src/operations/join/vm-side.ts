import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { Host } from '../../host/run/host.ts';
import type { Workload } from '../../mesh/workload.ts';
import { cliProblems } from '../../problems/cli.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { type Plan, plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Preflight } from '../../checks/preflight.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { VmInput } from '../../vm/input.ts';
import { vmGeneration } from '../../vm/generation.ts';
import { type FleetMark, meshDigest } from '../../vm/membership-record.ts';
import { wantedVm } from '../../vm/wanted.ts';
import type { AgentDecision } from './agent/decision.ts';
import { agentFiles } from './agent/files.ts';
import type { JoinContext } from './context.ts';
import { present } from '../../present.ts';

/** What the preflight compares the machine to. */
export function preflightInput(
  { facts, options, world, package: opened, findPackage }: JoinContext,
  vm: string,
): PreflightInput {
  return {
    vm,
    generation: facts.generation,
    controlPlane: meshGeneration(facts.generation).endpoint(facts),
    services: options.workload.rest.services,
    now: world.now(),
    ...present({
      address: options.vmAddress,
      package: opened,
      finds: findPackage && (options.findPackage?.upgrade ? ('always' as const) : ('if-missing' as const)),
      asksRepositories: options.findPackage?.source.kind === 'distribution' ? (true as const) : undefined,
      istiodVersion: 'version' in facts ? facts.version : undefined,
    }),
  };
}

/** The wanted state of the machine. `only` selects steps; empty, all. Throws `step-unknown`. */
export function wantedSteps(input: VmInput, only: readonly string[]): readonly Step[] {
  const steps = wantedVm(input);
  const unknown = only.find((id) => !steps.some((step) => step.id === id));
  if (unknown !== undefined) throw cliProblems.stepUnknown({ step: unknown, steps: steps.map(({ id }) => id) });
  return only.length === 0 ? steps : steps.filter(({ id }) => only.includes(id));
}

/** What the steps need to know of the machine. */
type MachineOfJoin = Pick<Preflight, 'facts' | 'resolver' | 'exclusions' | 'membership'> & {
  readonly agent: AgentDecision | 'stopped' | undefined;
};

/** The input for the steps of a VM. */
export function vmInput(
  context: JoinContext,
  workload: Workload,
  { facts: vm, resolver, exclusions, membership, agent }: MachineOfJoin,
): VmInput {
  const { facts: cluster, options, package: opened } = context;
  const image = options.machine.root !== undefined;
  const probe = options.workload.probeText;
  const { metricsPort } = options.agent;
  const machine = { address: vm.address, ...present({ translated: vm.translated, metricsPort }), probe };
  const files = agent === undefined || agent === 'stopped' ? agent : agentFiles(agent, workload, machine);
  const shared = {
    ...{ workload, vm, resolver, image, options: options.repeated },
    ...present({ package: opened, agent: files, fleet: fleetMark(context, membership) }),
  };
  const bundle = {
    captureDns: options.workload.captureDns,
    excludePorts: options.excludePorts,
    excludeCidrs: exclusions.cidrs,
    excludeOutboundPorts: exclusions.outboundPorts,
    excludeInterfaces: exclusions.interfaces,
    // An image for several machines has no address; each finds its own at the first boot.
    ...present({ address: vm.address || undefined, serviceCidr: options.cluster.facts.serviceCidr }),
  };
  return vmGeneration(cluster.generation).input(cluster, shared, bundle);
}

/** A join by hand leaves the VM in its fleet. */
function fleetMark({ facts, options }: JoinContext, { record }: Preflight['membership']): FleetMark | undefined {
  if (options.fleet === undefined) return record?.fleet;
  return { ...options.fleet, mesh: meshDigest(facts) };
}

/** The plan of a machine: one round trip for all its probes. */
export async function planVm(steps: readonly Step[], host: Host, signal: AbortSignal): Promise<Plan> {
  return plan(steps, await gatherFacts(steps, host, signal));
}
