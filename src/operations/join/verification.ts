import type { Result } from '../../checks/check.ts';
import { verifyJoin } from '../../checks/verify-join.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { vmEntry } from '../../cluster/registration/vm-entry.ts';
import type { Host } from '../../host/run/host.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { PortSecurity } from '../../mesh/mutual-tls.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import { dial } from '../../vm/reachability/dial.ts';
import type { Reachability } from '../../vm/reachability/reachability.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { World } from '../../world.ts';
import type { Verification } from '../change/decision.ts';
import { compareReach, reachedNow, type ReachQuestion, shutHere } from './reach.ts';
import type { JoinSubject } from './run.ts';

/** The subject and the sources of the verification. */
export interface Verifying {
  readonly vm: string;
  readonly host: Host;
  readonly subject: JoinSubject;
  readonly kube: Kubernetes;
  readonly security: readonly PortSecurity[];
  /** Nothing will change, so there is nothing to compare. */
  readonly settled: boolean;
  /** Another machine of the mesh that is the client. */
  readonly client?: Host;
  /** Where meshx itself runs. */
  readonly seat?: Promise<Seat>;
  /** Ports that listen on the VM, to be compared before and after. */
  readonly listening?: readonly number[];
  /** Records the time of each check. */
  readonly record?: World['record'];
}

/** Checks with live traffic. Reads reachability before the first change. */
export function joinVerification(about: Verifying): Verification<Result> {
  return {
    id: 'verify',
    title: 'Verify the join with live traffic',
    before: async (signal) => {
      const before = about.settled ? undefined : await reachedNow(reachQuestion(about, signal));
      return (held) => results(about, held, before);
    },
    problem: (failed) => {
      const lines = failed.map(({ title, detail, hint }) => `${title}: ${detail}${hint ? ` ${hint}` : ''}`);
      return cliProblems.checkFailed({ vm: about.vm, failed: lines });
    },
  };
}

/** The sources and ports for the comparison of reachability. */
function reachQuestion({ subject, listening = [], client, seat }: Verifying, signal: AbortSignal): ReachQuestion {
  return { address: subject.vm.address, ports: listening, signal, ...present({ client, seat }) };
}

async function* results(
  about: Verifying,
  signal: AbortSignal,
  before: readonly Reachability[] | undefined,
): AsyncGenerator<Result> {
  const { vm, host, subject, kube, security, client, record } = about;
  const { cluster, workload } = subject;
  const captured = new Set(workload.services.flatMap(({ ports }) => ports.map(({ number }) => number)));
  const seat = await about.seat;
  // Without groups there are no entries and no policies for single workloads.
  const { hasGroups } = meshGeneration(cluster.generation);
  const asked = { kube, workload, address: subject.vm.address, signal };
  const known = {
    ...{ client, seat },
    reach: before && (() => compareReach(reachQuestion(about, signal), before, captured)),
    entry: kube.live && hasGroups ? vmEntry(asked) : undefined,
    outside: hasGroups
      ? Object.fromEntries(security.map(({ port, outsideMesh }) => [port.number, outsideMesh]))
      : undefined,
    inside: Object.fromEntries(security.map(({ port, insideMesh }) => [port.number, insideMesh])),
  };
  const ended = ({ ok, id, ms }: Result): void => {
    if (ok !== 'skipped') record?.({ kind: 'check', name: id, where: vm, ms });
  };
  const question = { name: vm, ...subject, dial, shut: shutHere(before ?? []), ...present(known) };
  yield* verifyJoin(host, question, { signal, ended });
}
