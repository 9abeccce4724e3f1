import type { VerifyReport } from '../../checks/verify/report.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { callingPod, findPod } from '../../operations/verify/find-pod.ts';
import type { MemberOptions } from '../../operations/verify/member.ts';
import { openServer } from '../../operations/verify/open-server.ts';
import { openPrometheus } from '../../operations/verify/prometheus.ts';
import type { Place } from '../../operations/verify/places.ts';
import { readServiceFacts } from '../../operations/verify/service-facts.ts';
import { verifyGateway } from '../../operations/verify/verify-gateway.ts';
import { verifyInjection } from '../../operations/verify/verify-injection.ts';
import { verifyMesh } from '../../operations/verify/verify-mesh.ts';
import { verifyService } from '../../operations/verify/verify-service.ts';
import { verifyTelemetry } from '../../operations/verify/verify-telemetry.ts';
import { verifyUrl } from '../../operations/verify/verify-url.ts';
import { verifyVm } from '../../operations/verify/verify-vm.ts';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import { shownOptions } from '../join/text.ts';
import { kubectlWords } from '../kubectl-words.ts';
import type { VerifyOptions, What } from './verify-options.ts';

type Verification = (world: World, options: VerifyOptions) => Promise<VerifyReport>;

/** How each subject is verified: connections are opened, and closed at the end. */
export const VERIFICATIONS: Readonly<Record<What, Verification>> = {
  mesh: (world, { cluster, namespace }) =>
    verifyMesh(world, { cluster, kubectlOptions: kubectlWords(cluster), ...present({ namespace }) }),

  vm: async (world, options) => {
    const { machine, name = '', probeClient, meshService } = options;
    const opened = await openCluster(world, options.cluster, options.namespace);
    await using host = await openMachine(world, machine, name);
    await using client = probeClient === undefined ? undefined : await openMachine(world, machine, probeClient);
    return await verifyVm({
      ...opened,
      host,
      ...repeating(world, options),
      signal: world.signal,
      ...present({ client, meshService }),
    });
  },

  service: async (world, options) => {
    const { name = '', request, path, expected, from } = options;
    const { signal } = world;
    const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
    const service = await readServiceFacts(kube, { name, namespace, facts, signal });
    const server = await openServer(world, options.machine, { vm: options.vm, group: service.group });
    await using _closed = 'host' in server ? server.host : undefined;
    const { istioNamespace } = facts;
    const pod = await callingPod(kube, { namespace, ...(from.kind === 'pod' && from.pod), signal });
    return await verifyService({
      kube,
      service,
      pod,
      istioNamespace,
      server,
      request,
      expected,
      signal,
      ...present({ path }),
    });
  },

  gateway: async (world, options) => {
    const { name, request, path, expected } = options;
    const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
    const { istioNamespace } = facts;
    const { signal } = world;
    return await verifyGateway({
      kube,
      namespace,
      istioNamespace,
      request,
      expected,
      signal,
      ...present({ name, path }),
    });
  },

  injection: async (world, { cluster, namespace: given, selector }) => {
    const { kube, namespace, facts } = await openCluster(world, cluster, given);
    const waitMs = facts.wait?.timeoutMs ?? 0;
    return await verifyInjection({ kube, namespace, waitMs, signal: world.signal, ...present({ selector }) });
  },

  telemetry: async (world, options) => {
    const opened = await openCluster(world, options.cluster, options.namespace);
    const { istioNamespace, wait } = opened.facts;
    const prometheus = await openPrometheus(world, opened.kube, { url: options.prometheus, istioNamespace });
    await using _closed = 'missing' in prometheus ? undefined : prometheus;
    await using host = await openMachine(world, options.machine, options.name ?? '');
    const waitMs = wait?.timeoutMs ?? 0;
    return await verifyTelemetry({
      ...opened,
      host,
      ...repeating(world, options),
      prometheus,
      waitMs,
      signal: world.signal,
    });
  },

  url: async (world, { name = '', from, vm, machine, request, expected, ...options }) => {
    const sender = from.kind === 'vm' ? from.name : undefined;
    await using client = sender === undefined ? undefined : await openMachine(world, machine, sender);
    await using other = vm === undefined || vm === sender ? undefined : await openMachine(world, machine, vm);
    const server = vm !== undefined && vm === sender ? client : other;
    const place = client ? ({ kind: 'vm', host: client } as const) : await placeOf(world, from, options);
    const whole = { ...request, url: name };
    return await verifyUrl({ request: whole, place, expected, ...present({ server }) }, world.signal);
  },
};

/** Says what of the VM's join is used again. */
function repeating(
  { note }: World,
  { repeated }: Pick<VerifyOptions, 'repeated'>,
): Pick<MemberOptions, 'repeated' | 'onRepeated'> {
  return { repeated, onRepeated: (options) => note(`note: repeated from the join before: ${shownOptions(options)}`) };
}

/** The place of a request that is not sent by a VM. */
async function placeOf(
  world: World,
  from: VerifyOptions['from'],
  { cluster, namespace: given }: Pick<VerifyOptions, 'cluster' | 'namespace'>,
): Promise<Place> {
  if (from.kind !== 'pod') return { kind: 'here' };
  const { kube, namespace } = await openCluster(world, cluster, given);
  return { kind: 'pod', ...(await findPod(kube, { namespace, ...from.pod, signal: world.signal })) };
}
