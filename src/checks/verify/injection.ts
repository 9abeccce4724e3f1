import type { KubeObject } from '../../mesh/kube-object.ts';
import { showRef, refOf } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Result, Seen } from '../check.ts';

interface InjectionFacts {
  readonly namespace: KubeObject | null;
  readonly pods: readonly KubeObject[];
}

const verdict = { category: 'sidecar', severity: 'error', ms: 0 } as const;
const LABEL = { ...verdict, id: 'namespace-injected', title: 'new pods of the namespace get a sidecar' };
const SIDECAR = { ...verdict, id: 'pod-injected', title: 'it has a sidecar' };
const READY = { ...verdict, id: 'pod-ready', title: 'it runs, with all containers ready' };

/** Whether the pods of a namespace have their sidecars. Of pods, what runs counts, not what was created. */
export function judgeInjection({ namespace, pods }: InjectionFacts): readonly Result[] {
  const first = { ...LABEL, ...judgeNamespace(namespace) };
  if (pods.length === 0)
    return [
      first,
      { ...SIDECAR, ok: 'skipped', detail: 'no pod matches' },
      { ...READY, ok: 'skipped', detail: 'no pod matches' },
    ];
  const each = pods.flatMap((pod): Result[] => {
    const object = showRef(refOf(pod));
    return [
      { ...SIDECAR, object, ...judgeSidecar(pod) },
      { ...READY, object, ...judgeReady(pod) },
    ];
  });
  return [first, ...each];
}

/** Pods that are injected by hand need no label, so its absence is a note. */
function judgeNamespace(namespace: KubeObject | null): Seen {
  if (!namespace)
    return {
      ok: false,
      detail: 'the namespace does not exist',
      hint: 'Name another with -n; list them: kubectl get namespaces',
    };
  const labels = namespace.metadata.labels ?? {};
  const { 'istio-injection': injection, 'istio.io/rev': revision, 'istio.io/dataplane-mode': mode } = labels;
  if (injection === 'enabled') return { ok: true, detail: 'istio-injection=enabled' };
  if (injection !== 'disabled' && revision !== undefined) return { ok: true, detail: `istio.io/rev=${revision}` };
  const ambient =
    mode === 'ambient' ? '; it is in ambient mode (istio.io/dataplane-mode=ambient), without sidecars' : '';
  const detail =
    injection === undefined
      ? `neither istio-injection nor istio.io/rev is set${ambient}`
      : `istio-injection=${injection}`;
  const hint = `Label it and restart its pods: kubectl label namespace ${namespace.metadata.name} istio-injection=enabled`;
  return { ok: false, severity: 'note', detail, hint };
}

/** The sidecar, as a container or as an init container that keeps running (native sidecar). */
export function sidecarOf(pod: KubeObject): Readonly<Record<string, unknown>> | undefined {
  const spec = mapping(pod['spec']);
  const inits = list(spec['initContainers'])
    .map(mapping)
    .filter((each) => each['restartPolicy'] === 'Always');
  return [...list(spec['containers']).map(mapping), ...inits].find((each) => each['name'] === 'istio-proxy');
}

function judgeSidecar(pod: KubeObject): Seen {
  const sidecar = sidecarOf(pod);
  const { annotations = {}, labels = {} } = pod.metadata;
  if (sidecar) {
    const way = annotations['sidecar.istio.io/status'] === undefined ? 'by hand' : 'by istiod or istioctl';
    return { ok: true, detail: `${text(sidecar['image']) ?? 'no image'}, injected ${way}` };
  }
  const refuses = labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject'];
  if (refuses === 'false') return { ok: 'skipped', detail: 'sidecar.istio.io/inject=false keeps it out' };
  if (mapping(pod['spec'])['hostNetwork'] === true)
    return { ok: 'skipped', detail: 'pods in the network of their host get none' };
  const hint = 'It is older than the label, or injection failed: restart its Deployment, then see kubectl get events';
  return { ok: false, detail: 'there is no container istio-proxy', hint };
}

function judgeReady(pod: KubeObject): Seen {
  const status = mapping(pod['status']);
  const phase = text(status['phase']) ?? 'no phase';
  const containers = [...list(status['containerStatuses']), ...list(status['initContainerStatuses'])].map(mapping);
  const running = containers.filter((each) => mapping(mapping(each['state'])['terminated'])['exitCode'] !== 0);
  const isReady = list(status['conditions'])
    .map(mapping)
    .some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (phase === 'Running' && running.length === 0 && isReady) return { ok: true, detail: 'Running, ready' };
  const late = running.filter((each) => each['ready'] !== true);
  const detail = `${running.length - late.length}/${running.length} ${phase}`;
  if (phase === 'Succeeded') return { ok: 'skipped', detail: 'it has ended' };
  if (phase === 'Running' && late.length === 0 && running.length > 0) return { ok: true, detail };
  const reasons = late.map(
    (each) => `${text(each['name'])}: ${text(mapping(mapping(each['state'])['waiting'])['reason']) ?? 'not ready'}`,
  );
  const { name, namespace = 'default' } = pod.metadata;
  return {
    ok: false,
    detail: [detail, ...reasons].join('; '),
    hint: `See why: kubectl describe pod ${name} -n ${namespace}`,
  };
}
