import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { ClusterPlan } from '../../cluster/api/plan.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import type { Host } from '../../host/run/host.ts';
import type { Problem } from '../../problems.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Sources } from '../../reconcile/sources.ts';
import type { FirstPicture } from '../../reconcile/undo/first-picture.ts';

/** The least that a check says of itself. */
export interface Verified {
  readonly ok: boolean | 'skipped';
}

/**
 * What was decided about one VM before anything is changed. A part that is absent is a phase that does not happen: the
 * phases that are left are the plan, and `phasesOf` lists them.
 */
export interface Decision<Result extends Verified = Verified> {
  readonly plan: Plan;
  /** Where the secrets and files of the plan come from; a plan without them needs none. */
  readonly sources?: Sources;
  /** False: the state before is not kept, as for an undo. */
  readonly journal?: false;
  /** The snapshot of a machine that meshx has never changed, on its way. */
  readonly picture?: Promise<FirstPicture>;
  /** Written before the VM is changed. */
  readonly cluster?: ClusterWrites;
  /** How open connections end before the sidecar does. Absent for an image. */
  readonly drain?: RestartDrain | LeaveDrain;
  /** The dead-man switch of the VM. Absent where nothing runs, or where an older meshx set up none. */
  readonly guard?: Guard;
  /** The wanted steps that the plan is made from: after it their next plan must be empty. Absent: that is not looked at. */
  readonly steps?: readonly Step[];
  /** What must be seen before the change is confirmed. */
  readonly verify?: Verification<Result>;
  /** What is compared when all is done and the lock has been released. */
  readonly compare?: Verification<Result>;
}

export interface ClusterWrites {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
}

interface Draining {
  readonly addresses: readonly string[];
  /** Absent: its cluster cannot be asked, so the VM stays in rotation and only its connections are waited for. */
  readonly registry?: Registry | undefined;
  /** How long connections may take to end, milliseconds. */
  readonly limitMs: number;
}

/** What the operator allows when the sidecar restarts. */
export interface RestartOptions {
  /** Whether open connections may be ended. */
  readonly allowed: boolean;
  /** How long connections may take to end, milliseconds. */
  readonly limitMs: number;
}

/** Only where the plan restarts the sidecar and connections are open; the VM returns to rotation. */
interface RestartDrain extends Draining, RestartOptions {
  readonly for: 'restart';
  /** Checks that send requests to the VM need it in rotation; all others keep clients away until the change is confirmed. */
  readonly returns: 'before-verify' | 'after-confirm';
}

/** Always; the VM does not return. */
interface LeaveDrain extends Draining {
  readonly for: 'leave';
  /** Whether a sidecar that has no connection left is stopped at once. */
  readonly stops: boolean;
}

/** The hold of a run on the VM's dead-man switch. */
export interface Guard {
  /** Seconds until the VM rolls itself back. */
  readonly within: number;
  /** Opens another connection to the same VM: only a new login shows that logins work. */
  readonly login: () => Promise<Host>;
  /** Also looked at where the plan is empty: a run that died may have left it armed. */
  readonly evenIfEmpty?: true;
}

/** Makes the checks, one after the other. */
export type Checks<Result extends Verified = Verified> = (signal: AbortSignal) => AsyncIterable<Result>;

/** Checks of the machine or its traffic. */
export interface Verification<Result extends Verified = Verified> {
  readonly id: string;
  /** Imperative, for the plan: "Verify the join with live traffic". */
  readonly title: string;
  /** Sees what there is to compare with before the first change, and gives the checks to be made after the last one. */
  readonly before: (signal: AbortSignal) => Promise<Checks<Result>>;
  readonly problem: (failed: readonly Result[]) => Problem;
}
