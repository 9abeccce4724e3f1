import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { type Plan, plan, type PlannedStep } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { formerPackage, packageBack, type PackageCopy } from '../../reconcile/undo/former-package.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import { PACKAGE_MARKER, PLACES } from '../../vm/places.ts';
import { vmGeneration } from '../../vm/generation.ts';
import { keptSettings, SETTINGS_DIRECTORIES } from '../../vm/steps/settings.ts';
import { membershipProblems } from '../../problems/membership.ts';
import { isConfirmedMember, memberOf } from '../../operations/membership/member.ts';
import { memberQuestion } from '../../operations/membership/member-question.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import type { MeshPlace } from '../../operations/change/vm-report.ts';
import type { RollbackRun } from './go-back.ts';

/** All that is known before a VM goes back to its former package. */
export interface Former {
  readonly plan: Plan;
  readonly addresses: readonly string[];
  readonly registry: Registry | undefined;
  /** Units that run with the package's programs. */
  readonly units: readonly string[];
  /** Whether the VM has a dead-man switch: one that an older meshx set up has none. */
  readonly hasSwitch: boolean;
  readonly place: MeshPlace;
}

/** The package that comes back gives them to the sidecar's user again. */
const SETTINGS: Step = {
  id: 'settings',
  title: 'Keep the settings',
  wants: [...SETTINGS_DIRECTORIES, ...keptSettings(PLACES.clusterEnv, PLACES.meshConfig, PLACES.sidecarEnv)],
};

/** Looks at the machine. Only reads. Throws `not-of-the-mesh`, `no-former-package`. */
export async function look(run: RollbackRun, host: Host, signal: AbortSignal): Promise<Former> {
  const { vm } = run;
  const [membership, copies] = await Promise.all([
    readMembership(host, signal),
    formerPackage(host, PACKAGE_MARKER, signal),
  ]);
  const { current, former } = copies;
  if (membership.generation === undefined) throw leavingProblems.notOfTheMesh({ vm });
  if (!former)
    throw leavingProblems.noFormerPackage({ vm, ...(current && { present: `${current.name} ${current.version}` }) });
  const steps = vmGeneration(membership.generation)
    .running()
    .filter(({ wants }) => wants.some((want) => want.kind === 'unit' && membership.units.includes(want.name)));
  const [address] = membership.addresses;
  const { namespace, group } = membership;
  return {
    plan: await planBack(former, { steps: [SETTINGS, ...steps], host, signal }),
    addresses: membership.addresses,
    registry: await registryOf(run, membership, signal),
    units: membership.units.filter((unit) =>
      steps.some(({ wants }) => wants.some((want) => want.kind === 'unit' && want.name === unit)),
    ),
    hasSwitch: membership.hasSwitch,
    place: { ...(address && { address }), ...(namespace && { namespace }), ...(group && { group }) },
  };
}

async function planBack(
  former: PackageCopy,
  { steps, host, signal }: { readonly steps: readonly Step[]; readonly host: Host; readonly signal: AbortSignal },
): Promise<Plan> {
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

/** Without its cluster a VM goes back all the same: it only stays in rotation while it restarts. Throws `membership-disagrees`. */
async function registryOf(
  run: RollbackRun,
  membership: Membership,
  signal: AbortSignal,
): Promise<Registry | undefined> {
  const { input, words, say, vm } = run;
  const { world } = input.call;
  const stays = (why: string) => say(`note: ${why} The VM stays in rotation while it restarts.`);
  try {
    const { kube, namespace, facts } = await openCluster(world, words.cluster, words.typed.namespace);
    const { typed, machine } = words;
    const generation = () => detectGeneration(kube, facts);
    const asked = { vm, command: 'rollback', typed, machine, membership, kube, namespace, generation, signal };
    const member = await memberOf(await memberQuestion(world, asked));
    if (await isConfirmedMember(member)) return { kube, vm: member.registered };
    stays(
      `The cluster has no entry of ${vm} in WorkloadGroup ${member.registered.namespace}/${member.registered.group} at an address by which it is reached.`,
    );
  } catch (error) {
    if (!(error instanceof Problem) || error.id === membershipProblems.disagrees.id) throw error;
    stays(error.message);
  }
  return undefined;
}
