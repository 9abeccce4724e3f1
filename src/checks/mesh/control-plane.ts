import { imageVersion } from '../../cluster/facts/deployment-version.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type Kubectl, type MeshCheck, type MeshFacts, wrong } from './facts.ts';
import { hasEndpoints, istiodIn, istiodsIn, nameOf, notReady, podsWith, variableOf } from './objects.ts';

const cluster = { category: 'cluster', severity: 'error' } as const;

/** What must be true of the control plane itself. */
export const controlPlaneChecks: readonly MeshCheck[] = [
  {
    ...cluster,
    id: 'control-plane-found',
    title: 'istiod is installed in the namespace of the control plane',
    needs: ['about', 'isInstalled', 'controlDeployments'],
    judge: found,
  },
  {
    ...cluster,
    id: 'control-plane-ready',
    title: 'istiod runs and all of its pods are ready',
    needs: ['about', 'kubectl', 'home', 'controlDeployments', 'controlPods', 'controlServices', 'controlEndpoints'],
    judge: (facts) => (istiodIn(facts.controlDeployments, facts.about.suffix) ? ready(facts) : answers(facts)),
  },
  {
    ...cluster,
    id: 'control-plane-version',
    severity: 'warning',
    title: 'all pods of istiod run one known version',
    needs: ['about', 'kubectl', 'controlDeployments', 'controlPods'],
    judge: oneVersion,
  },
  {
    ...cluster,
    id: 'registration-enabled',
    title: 'istiod registers VMs and hears of their health',
    needs: ['about', 'kubectl', 'controlDeployments'],
    judge: registers,
  },
];

function found({ about, isInstalled, controlDeployments }: MeshFacts): readonly Seen[] {
  if (isInstalled) return [];
  const { istioNamespace, suffix } = about;
  const others = istiodsIn(controlDeployments).map(({ metadata }) => metadata.name);
  const revision = others[0]?.replace(/^istiod-?/, '') || 'default';
  const hint =
    others.length > 0
      ? `Choose its revision: meshx check --revision ${revision}`
      : 'Find the namespace of istiod with: kubectl get deployments -A -l app=istiod; then: meshx check --istio-namespace NAMESPACE';
  const detail = `namespace ${istioNamespace} of ${about.cluster} has no istiod${suffix}${others.length > 0 ? `, only ${others.join(', ')}` : ''}`;
  return [wrong(`Namespace ${istioNamespace}`, detail, { hint })];
}

/** Manifests have no status. */
function ready({ about, kubectl, controlDeployments, controlPods }: MeshFacts): readonly Seen[] {
  const deployment = istiodIn(controlDeployments, about.suffix);
  if (!deployment || deployment['status'] === undefined) return [];
  const [wanted, is] = [mapping(deployment['spec'])['replicas'], mapping(deployment['status'])['readyReplicas']];
  const [replicas, readyReplicas] = [typeof wanted === 'number' ? wanted : 1, typeof is === 'number' ? is : 0];
  if (readyReplicas >= replicas && replicas > 0) return [];
  const reasons = istiodPods(deployment, controlPods).flatMap((pod) => {
    const reason = notReady(pod);
    return reason === undefined ? [] : [`${nameOf(pod)} is not ready: ${reason}`];
  });
  const detail = [`${readyReplicas} of ${replicas} pods of ${nameOf(deployment)} are ready`, ...reasons].join('; ');
  const { istioNamespace, suffix } = about;
  const hint = `Read why: ${kubectl('describe', 'deployment', `istiod${suffix}`, '-n', istioNamespace)}`;
  return [wrong(nameOf(deployment), detail, { hint, severity: readyReplicas > 0 ? 'warning' : 'error' })];
}

/** Without a Deployment of istiod, its Service must lead somewhere else. */
function answers({ about, kubectl, home, controlServices, controlEndpoints }: MeshFacts): readonly Seen[] {
  const { istioNamespace, suffix } = about;
  const service = controlServices.find(({ metadata }) => metadata.name === `istiod${suffix}`);
  if (!about.live || home.kind !== 'here' || !service || hasEndpoints(service, controlEndpoints)) return [];
  const detail = `${nameOf(service)} has no ready endpoint, and there is no Deployment istiod${suffix}`;
  const hint = `See what is left of it: ${kubectl('get', 'all', '-n', istioNamespace)}; then install Istio again`;
  return [wrong(nameOf(service), detail, { hint })];
}

function oneVersion({ about, kubectl, controlDeployments, controlPods }: MeshFacts): readonly Seen[] {
  const deployment = istiodIn(controlDeployments, about.suffix);
  if (!deployment) return [];
  const name = nameOf(deployment);
  const version = imageVersion(deployment);
  if (version === undefined) {
    const detail = `the image of ${name} names no version, so known defects cannot be looked up`;
    return [
      wrong(name, detail, {
        severity: 'note',
        hint: `Ask istiod: ${versionCommand(about.istioNamespace, kubectl, about.suffix)}`,
      }),
    ];
  }
  const versions = new Set(istiodPods(deployment, controlPods).map(podVersion));
  const others = [...versions].filter((each) => each !== undefined && each !== version);
  if (others.length === 0) return [];
  const rollout = kubectl('rollout', 'status', `deployment/istiod${about.suffix}`, '-n', about.istioNamespace);
  const detail = `${name} is ${version}, but pods of it run ${others.join(', ')}`;
  return [wrong(name, detail, { hint: `Wait for the rollout: ${rollout}` })];
}

function versionCommand(namespace: string, kubectl: Kubectl, suffix: string): string {
  return kubectl('exec', '-n', namespace, `deployment/istiod${suffix}`, '--', 'pilot-discovery', 'version');
}

/** Features of istiod that are on by default, with what VMs lose without them. */
const FEATURES = [
  ['PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION', 'VMs that connect get no WorkloadEntry', 'error'],
  ['PILOT_ENABLE_WORKLOAD_ENTRY_HEALTHCHECKS', 'istiod ignores the health that VMs report', 'warning'],
] as const;

function registers({ about, kubectl, controlDeployments }: MeshFacts): readonly Seen[] {
  const deployment = istiodIn(controlDeployments, about.suffix);
  if (!deployment) return [];
  return FEATURES.filter(([name]) => /^(false|0|f)$/i.test(variableOf(deployment, name) ?? '')).map(
    ([name, effect, severity]) => {
      const { istioNamespace, suffix } = about;
      const hint = `Turn it on: ${kubectl('set', 'env', `deployment/istiod${suffix}`, '-n', istioNamespace, `${name}=true`)}`;
      return wrong(nameOf(deployment), `${nameOf(deployment)} sets ${name}=false: ${effect}`, { hint, severity });
    },
  );
}

function istiodPods(deployment: KubeObject, pods: readonly KubeObject[]): readonly KubeObject[] {
  return podsWith(pods, textMapping(mapping(mapping(deployment['spec'])['selector'])['matchLabels']));
}

function podVersion(pod: KubeObject): string | undefined {
  const images = list(mapping(pod['spec'])['containers']).map((container) => text(mapping(container)['image']) ?? '');
  return images.map((image) => /:(\d+\.\d+(?:\.\d+)?)[^/]*$/.exec(image)?.[1]).find((each) => each !== undefined);
}
