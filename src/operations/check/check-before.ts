import { judgeEach } from '../../checks/judge.ts';
import { judgePicture } from '../../checks/mesh/judge-picture.ts';
import { PREFLIGHT_CHECKS } from '../../checks/preflight.ts';
import type { MachineFacts } from '../../checks/preflight/machine.ts';
import type { Result } from '../../checks/check.ts';
import { judgeNetwork } from '../../checks/verify/network.ts';
import { LOGIN_CHECK } from '../../checks/vm/vm-checks.ts';
import { named, unanswered } from '../../checks/vm/judge-vm.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import type { ClusterPicture } from '../../cluster/picture/picture.ts';
import type { Host } from '../../host/run/host.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { Problem } from '../../problems.ts';
import { inspect, inspectionOf, isLive } from '../../vm/inspect.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { World } from '../../world.ts';
import type { CheckRun } from './check-options.ts';
import { tryNetwork } from './try-network.ts';
import { inputOf } from './vm-answer.ts';

/** What of a cluster concerns a VM that will join: everything but the VMs that are there. */
export function judgeBefore(picture: ClusterPicture, run: CheckRun): readonly Result[] {
  const results = judgePicture({ ...picture, namespaces: [] }, { ...run, vms: [] });
  return results.filter(({ id }) => id !== 'namespaces-found');
}

/** Where VMs will reach istiod; none where the cluster does not say it, which is a finding of its own. */
export async function controlPlaneOf(kube: Kubernetes, run: CheckRun): Promise<PreflightInput['controlPlane']> {
  try {
    const facts = await gatherClusterFacts(kube, { ...run.facts, namespace: run.namespace ?? 'default' });
    return meshGeneration(facts.generation).endpoint(facts);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { addresses: [], port: 15012 };
  }
}

interface Asking {
  readonly login: () => Promise<Host>;
  readonly kube: Kubernetes;
  /** In which the machine is to join. */
  readonly namespace: string;
}

/** All checks of a machine before its join. A machine that cannot be asked is a finding. */
export async function preflightOf(
  world: World,
  vm: string,
  asking: Asking & Pick<PreflightInput, 'controlPlane' | 'services'>,
): Promise<readonly Result[]> {
  try {
    const { login, kube, namespace, controlPlane, services } = asking;
    const { signal } = world;
    const input = { ...inputOf(vm, world.now()), controlPlane, services };
    const host = await login();
    const inspected = await inspect(host, input, signal);
    const { answers, now } = inspected;
    const inspection = inspectionOf(inspected, input);
    const live = isLive(answers) ? { machine: answers } : {};
    const facts: Partial<MachineFacts> = { files: answers, ...live, now, inspection, input };
    const found = judgeEach(PREFLIGHT_CHECKS, facts, {}).map((result) => named(vm, result));
    const { address, sshPorts } = inspection.facts;
    const tried = await tryNetwork(kube, { host, address, sshPort: sshPorts[0] ?? 22, namespace, signal });
    const network = judgeNetwork(tried).map((result) => named(vm, result));
    return [{ ...LOGIN_CHECK, ok: true, detail: '', ms: 0 }, ...found, ...network];
  } catch (error) {
    if (!(error instanceof Problem) || world.signal.aborted) throw error;
    return [unanswered(vm, error)];
  }
}
