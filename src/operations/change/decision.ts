import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { ClusterPlan } from '../../cluster/api/plan.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import type { Host } from '../../host/run/host.ts';
import type { Problem } from '../../problems.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Sources } from '../../reconcile/sources.ts';
import type { FirstPicture } from '../../reconcile/undo/first-picture.ts';

/** The fields that every check result has. */
export interface Verified {
  readonly ok: boolean | 'skipped';
}

/**
 * The decision about one VM before anything is changed. An absent part is a phase that does not happen. `phasesOf`
 * lists the phases.
 */
export interface Decision<Result extends Verified = Verified> {
  readonly plan: Plan;
  /** Where the plan's secrets and files are read; absent for a plan without them. */
  readonly sources?: Sources;
  /** False for an undo: the previous state is not saved. */
  readonly journal?: false;
  /** The snapshot, started early, of a machine that meshx has never changed. */
  readonly picture?: Promise<FirstPicture>;
  /** Written before the VM is changed. */
  readonly cluster?: ClusterWrites;
  /** How open connections end before the sidecar does. Absent for an image. */
  readonly drain?: RestartDrain | LeaveDrain;
  /** The dead-man switch of the VM. Absent for an image, and for a VM of an older meshx without one. */
  readonly guard?: Guard;
  /** The steps of the plan, whose next plan must be empty. Absent: that is not checked. */
  readonly steps?: readonly Step[];
  /** The checks before the confirmation. */
  readonly verify?: Verification<Result>;
  /** The comparison after the lock was released. */
  readonly compare?: Verification<Result>;
}

export interface ClusterWrites {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
}

interface Draining {
  readonly addresses: readonly string[];
  /** Absent without a cluster: the VM stays in rotation, and only its connections are drained. */
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

/** When the plan restarts the sidecar and connections are open. The VM returns to rotation. */
interface RestartDrain extends Draining, RestartOptions {
  readonly for: 'restart';
  /** Checks that send requests to the VM need it in rotation. Otherwise it returns after the confirmation. */
  readonly returns: 'before-verify' | 'after-confirm';
}

/** Always drains; the VM does not return. */
interface LeaveDrain extends Draining {
  readonly for: 'leave';
  /** Whether to stop a sidecar without connections at once. */
  readonly stops: boolean;
}

/** How a run uses the VM's dead-man switch. */
export interface Guard {
  /** Seconds until the VM rolls itself back. */
  readonly within: number;
  /** Opens another connection to the same VM: only a new login shows that logins work. */
  readonly login: () => Promise<Host>;
  /** Also handled with an empty plan: a dead run may have left it armed. */
  readonly evenIfEmpty?: true;
}

/** Runs the checks and yields their results. */
export type Checks<Result extends Verified = Verified> = (signal: AbortSignal) => AsyncIterable<Result>;

/** Checks of the machine or its traffic. */
export interface Verification<Result extends Verified = Verified> {
  readonly id: string;
  /** Imperative, for the plan: "Verify the join with live traffic". */
  readonly title: string;
  /** Reads the state before the first change, and returns the checks to run after the last one. */
  readonly before: (signal: AbortSignal) => Promise<Checks<Result>>;
  readonly problem: (failed: readonly Result[]) => Problem;
}
