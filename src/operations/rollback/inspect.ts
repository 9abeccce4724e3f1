import type { Result } from '../../checks/check.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import type { Host } from '../../host/run/host.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { membershipProblems } from '../../problems/membership.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { type Plan, plan, type PlannedStep } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { formerPackage, packageBack, type PackageCopy } from '../../reconcile/undo/former-package.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import { PACKAGE_MARKER, PLACES } from '../../vm/places.ts';
import { vmGeneration } from '../../vm/generation.ts';
import { keptSettings, SETTINGS_DIRECTORIES } from '../../vm/steps/settings.ts';
import type { World } from '../../world.ts';
import type { RestartOptions } from '../change/decision.ts';
import type { ChangeEvent } from '../change/event.ts';
import type { Calling } from '../change/plan-or-change.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import { isConfirmedMember, memberOf, type Place } from '../membership/member.ts';
import { memberQuestion } from '../membership/member-question.ts';
import { type OnlyOf, requirePackageChange } from './package-change.ts';

/** How a VM rolls back to its former package. */
export interface RollbackOptions {
  readonly cluster: ClusterOptions;
  /** How to reach the VM, whose addresses identify its entry. */
  readonly machine: MachineOptions;
  /** The VM's place in its cluster, as given by the operator. */
  readonly place: Place;
  readonly restart: RestartOptions;
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  /** Refuses if the package is not what the last run of a command changed; absent for any package. */
  readonly only?: OnlyOf;
}

/** What happens during a rollback, in order. A phase that is planned has not begun. */
export type RollbackEvent =
  | ChangeEvent<Result>
  /** The VM stays in rotation while it restarts: its cluster has no entry for it, or is unreachable. */
  | { readonly kind: 'not-registered'; readonly namespace: string; readonly group: string }
  | { readonly kind: 'cluster-unreachable'; readonly problem: Problem };

/** All that is known before a VM rolls back to its former package. */
export interface Inspected {
  readonly plan: Plan;
  readonly addresses: readonly string[];
  readonly registry: Registry | undefined;
  /** Units that run the package's programs. */
  readonly units: readonly string[];
  /** A VM of an older meshx has no dead-man switch. */
  readonly hasSwitch: boolean;
  readonly place: Place;
}

interface Asked extends Pick<Calling<RollbackEvent>, 'vm' | 'observe'> {
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Reinstalling the package gives them to the sidecar's user again. */
const SETTINGS: Step = {
  id: 'settings',
  title: 'Protect the settings files',
  wants: [...SETTINGS_DIRECTORIES, ...keptSettings(PLACES.clusterEnv, PLACES.meshConfig, PLACES.sidecarEnv)],
};

/**
 * Inspects the machine. Only reads. Throws `not-of-the-mesh`, `no-former-package`, `membership-disagrees`, and with `only` Problems of
 * `requirePackageChange`.
 */
export async function inspect(world: World, options: RollbackOptions, asked: Asked): Promise<Inspected> {
  const { vm, host, signal } = asked;
  const [membership, { current, former }] = await Promise.all([
    readMembership(host, signal),
    formerPackage(host, PACKAGE_MARKER, signal),
  ]);
  const { generation, addresses, hasSwitch, namespace, group } = membership;
  if (generation === undefined) throw leavingProblems.notOfTheMesh({ vm });
  if (options.only) await requirePackageChange({ ...options.only, vm, host, current, signal });
  if (!former)
    throw leavingProblems.noFormerPackage({ vm, ...(current && { present: `${current.name} ${current.version}` }) });
  const running = vmGeneration(generation).running();
  const units = membership.units.filter((unit) => running.some((step) => startsUnit(step, unit)));
  const steps = running.filter((step) => units.some((unit) => startsUnit(step, unit)));
  return {
    plan: await planBack(former, [SETTINGS, ...steps], asked),
    registry: await registryOf(world, options, { ...asked, membership }),
    ...{ addresses, units, hasSwitch, place: present({ address: addresses[0], namespace, group }) },
  };
}

function startsUnit({ wants }: Step, unit: string): boolean {
  return wants.some((want) => want.kind === 'unit' && want.name === unit);
}

async function planBack(former: PackageCopy, steps: readonly Step[], { host, signal }: Asked): Promise<Plan> {
  const { name, verify, marker, format } = former;
  const packages = format === 'directory' ? [] : [name];
  const first: PlannedStep = {
    id: 'package',
    title: 'Roll back to the previous package',
    changes: [packageBack(former)],
    touches: { paths: [...verify, marker], packages },
  };
  const facts = await gatherFacts(steps, host, signal);
  return { steps: [first, ...plan(steps, facts, new Set([`package:${name}`])).steps] };
}

/** Without its cluster a VM rolls back too, but stays in rotation while it restarts. Throws `membership-disagrees`. */
async function registryOf(
  world: World,
  options: RollbackOptions,
  { vm, observe, membership, signal }: Asked & { readonly membership: Membership },
): Promise<Registry | undefined> {
  const { place: typed, machine } = options;
  try {
    const { kube, namespace, facts } = await openCluster(world, options.cluster, typed.namespace, { ofVm: true });
    const generation = () => detectGeneration(kube, facts);
    const asked = { vm, command: 'rollback', typed, machine, membership, kube, namespace, generation, signal };
    const member = await memberOf(await memberQuestion(world, asked));
    if (await isConfirmedMember(member)) return { kube, vm: member.registered };
    const { namespace: within, group } = member.registered;
    observe({ kind: 'not-registered', namespace: within, group });
  } catch (error) {
    if (!(error instanceof Problem) || error.id === membershipProblems.disagrees.id) throw error;
    observe({ kind: 'cluster-unreachable', problem: error });
  }
  return undefined;
}
