import type { ClusterPlan } from '../../cluster/api/plan.ts';
import type { Host } from '../../host/run/host.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { FirstPicture } from '../../reconcile/undo/first-picture.ts';
import type { Say, World } from '../../world.ts';
import type { VerifyOptions, JoinSubject } from './proofs.ts';
import type { ReachQuestion } from './reach.ts';
import type { Guard, RestartOptions } from '../../operations/change/decision.ts';
import { present } from '../../present.ts';

/** Everything that is to be done for one VM and its proofs, decided and not yet begun. */
export interface Work {
  readonly vm: string;
  readonly host: Host;
  readonly registration: ClusterPlan;
  readonly steps: readonly Step[];
  readonly plan: Plan;
  readonly subject: JoinSubject;
  readonly help: VerifyOptions;
  /** The VM's dead-man switch; absent for an image, where nothing runs. */
  readonly deadMan?: Guard;
  /** What was said about the end of open connections; absent for an image. */
  readonly restart?: RestartOptions;
  /** The picture of a machine that meshx has never changed, on its way; absent for all others. */
  readonly picture?: Promise<FirstPicture>;
  /** Ports that listen on the VM, to be compared before and after; absent for an image. */
  readonly listening?: readonly number[];
  /** What the operator is told in place of proofs: an image proves nothing, nor do some steps alone. */
  readonly unverified?: readonly string[];
  /** Where progress goes, a line or several. */
  readonly say: Say;
  /** The command that goes on after a failure. */
  readonly again: string;
  /** Hears how long steps, proofs and waits took; absent without --timings. */
  readonly record?: World['record'];
}

/** From where and on which ports the VM is asked, before and after. */
export function reachQuestion({ subject, listening = [], help: { client, seat, signal } }: Work): ReachQuestion {
  return { address: subject.vm.address, ports: listening, signal, ...present({ client, seat }) };
}
