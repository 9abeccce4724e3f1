import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Result, Seen } from '../check.ts';
import { sidecarOf } from './injection.ts';

/** A pod as the API server would store it; why it would not; or why this could not be tried. */
export type Trial = { readonly pod: KubeObject } | { readonly refused: string } | { readonly untried: string };

const NEW_POD = {
  id: 'new-pod-injected',
  category: 'sidecar',
  severity: 'error',
  ms: 0,
  title: 'a new pod gets a sidecar from the injector',
} as const;

/** What the injector did with a pod that was sent as a dry run. A namespace without a label need not inject. */
export function judgeTrial(trial: Trial, namespace: KubeObject | null): Result {
  return { ...NEW_POD, ...seenOf(trial, namespace) };
}

function seenOf(trial: Trial, namespace: KubeObject | null): Seen {
  if ('untried' in trial) return { ok: 'skipped', detail: trial.untried };
  if ('refused' in trial) {
    const hint = 'Without the injector no pod starts there; see it: kubectl get mutatingwebhookconfigurations';
    return { ok: false, detail: trial.refused, hint };
  }
  const sidecar = sidecarOf(trial.pod);
  const spec = mapping(trial.pod['spec']);
  const running = list(spec['initContainers']).filter((each) => mapping(each)['restartPolicy'] === 'Always');
  const containers = list(spec['containers']).length + running.length;
  if (sidecar) {
    const image = text(sidecar['image']) ?? 'no image';
    return { ok: true, detail: `a dry run adds ${image}, ${containers} containers; no pod was made` };
  }
  if (!wantsSidecars(namespace))
    return { ok: 'skipped', detail: 'a dry run adds none, and the namespace asks for none' };
  return {
    ok: false,
    detail: 'the namespace asks for a sidecar, and a dry run adds none',
    hint: 'No webhook matches, or its revision has no control plane; list them: kubectl get mutatingwebhookconfigurations',
  };
}

function wantsSidecars(namespace: KubeObject | null): boolean {
  const { 'istio-injection': injection, 'istio.io/rev': revision } = namespace?.metadata.labels ?? {};
  return injection === 'enabled' || (injection !== 'disabled' && revision !== undefined);
}
