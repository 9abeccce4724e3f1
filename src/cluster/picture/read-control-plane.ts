import { NETWORKING } from '../../mesh/current/objects.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { configMapRef, revisionSuffix } from '../api/refs.ts';
import { hasAmbient } from '../facts/ambient.ts';
import type { FactsOptions } from '../facts/facts-options.ts';
import { candidates } from '../facts/istiod-address.ts';
import { findIstiodHome, type IstiodHome } from '../facts/istiod-home.ts';
import { injectorValues, meshConfigOf } from '../facts/mesh-config.ts';
import { mapPart, type Part, type PartReader, readPart, type Wanted } from './part.ts';
import type { MeshParts } from './picture.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** What describes the mesh as a whole, and decides what else is read. */
export type Settings = Pick<MeshParts, 'meshConfig' | 'values'>;

/** The mesh config and the values of the installation. */
export async function readSettings(read: PartReader, { istioNamespace, revision }: FactsOptions): Promise<Settings> {
  const suffix = revisionSuffix(revision);
  const [config, injector] = await Promise.all([
    read.get(configMapRef(istioNamespace, `istio${suffix}`)),
    read.get(configMapRef(istioNamespace, `istio-sidecar-injector${suffix}`)),
  ]);
  return {
    meshConfig: await mapPart(config, (object) => object && meshConfigOf(object)),
    values: await mapPart(injector, (object) => injectorValues(object ?? undefined)),
  };
}

/** Name of the ConfigMap of the mesh's roots, which the installation may change. */
export function rootsNameOf({ values }: Settings): string {
  const found: Mapping = 'found' in values ? values.found : {};
  return text(mapping(found['global'])['trustBundleName']) ?? 'istio-ca-root-cert';
}

/** The objects of the control plane's namespace, and the webhooks of its revisions. */
export async function readControlPlane(read: PartReader, options: FactsOptions, rootsName: string) {
  const { istioNamespace: namespace } = options;
  const list = (apiVersion: string, kind: string) => read.list({ apiVersion, kind, namespace });
  const [controlNamespace, controlDeployments, controlPods, controlServices] = await Promise.all([
    read.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace }),
    list('apps/v1', 'Deployment'),
    list('v1', 'Pod'),
    list('v1', 'Service'),
  ]);
  const [gateways, virtualServices, webhooks, controlRoots] = await Promise.all([
    list(NETWORKING, 'Gateway'),
    list(NETWORKING, 'VirtualService'),
    read.list({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' }),
    read.get(configMapRef(namespace, rootsName)),
  ]);
  const [exposing, controlEndpoints] = await Promise.all([
    readExposing(read, options),
    list('discovery.k8s.io/v1', 'EndpointSlice'),
  ]);
  const cluster = { controlNamespace, controlDeployments, controlPods, controlServices, controlEndpoints, exposing };
  return { ...cluster, gateways, virtualServices, webhooks, controlRoots };
}

/** The Services that may lead to istiod. Most of them are in the list of the control plane's namespace, which is not read twice. */
async function readExposing(read: PartReader, options: FactsOptions): Promise<MeshParts['exposing']> {
  const parts = await Promise.all(candidates(options).map((ref) => read.get(ref)));
  const refused = parts.find((part) => 'refused' in part);
  return refused ?? { found: parts.flatMap((part) => ('found' in part && part.found ? [part.found] : [])) };
}

/** Where istiod runs. */
export function readHome(kube: Kubernetes, options: FactsOptions, { meshConfig }: Settings): Promise<Part<IstiodHome>> {
  const ref = configMapRef(options.istioNamespace, `istio${revisionSuffix(options.revision)}`);
  return mapPart(meshConfig, async (config) => {
    const { home } = await findIstiodHome(kube, options, { ref, defaultConfig: mapping(config?.['defaultConfig']) });
    return home;
  });
}

/** Whether some clients come through ztunnel. */
export function readAmbience(
  kube: Kubernetes,
  options: FactsOptions,
  { meshConfig, controlDeployments }: Pick<MeshParts, 'meshConfig' | 'controlDeployments'>,
): Promise<Part<boolean>> {
  const { istioNamespace, revision, signal } = options;
  const name = `istiod${revisionSuffix(revision)}`;
  const deployments = 'found' in controlDeployments ? controlDeployments.found : [];
  const deployment = deployments.find(({ metadata }) => metadata.name === name);
  const config = 'found' in meshConfig ? meshConfig.found : null;
  const signs = { istioNamespace, deployment, defaultConfig: mapping(config?.['defaultConfig']) };
  const wanted: Wanted = { verb: 'get', group: 'apps', resource: 'daemonsets', namespace: istioNamespace };
  return readPart(wanted, () => hasAmbient(kube, { ...signs, ...(signal && { signal }) }));
}
