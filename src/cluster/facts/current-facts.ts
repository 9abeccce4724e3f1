import { X509Certificate } from 'node:crypto';
import type { CurrentFacts } from '../../mesh/cluster-facts.ts';
import { certificatesIn } from '../../mesh/current/root-bundle.ts';
import { showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import type { Place } from '../../mesh/place.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { parseLimit } from '../../mesh/duration.ts';
import { present } from '../../present.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { hasAmbient, ztunnelRef } from './ambient.ts';
import { imageVersion, readOptional } from './deployment-version.ts';
import type { FactsOptions } from './facts-options.ts';
import { candidates, findIstiod } from './istiod-address.ts';
import { findIstiodHome, type IstiodHome } from './istiod-home.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { injectorValues, meshConfigOf, readDefaultConfig } from './mesh-config.ts';
import { begin } from '../api/read-once.ts';
import { configMapRef, revisionSuffix } from '../api/refs.ts';

const ROOT_CERT = 'istio-ca-root-cert';

/** Starts reading the facts of an istiod cluster before the generation is known. */
export function readAhead(once: Kubernetes, options: FactsOptions): void {
  const [rootCert] = rootCertRefs(options, ROOT_CERT);
  const { mesh, injector, istiod } = placesOf(options);
  const exposure = options.address === undefined ? candidates(options) : [];
  const refs = [
    mesh,
    injector,
    istiod,
    ztunnelRef(options.istioNamespace),
    ...(rootCert ? [rootCert] : []),
    ...exposure,
  ];
  begin(...refs.map((ref) => once.get(ref, options.signal)));
}

/** Facts of an istiod cluster. `once` may have read some of them already. */
export async function gatherCurrentFacts(
  kube: Kubernetes,
  options: FactsOptions,
  once: Kubernetes,
): Promise<CurrentFacts> {
  const { istioNamespace, signal } = options;
  const suffix = revisionSuffix(options.revision);
  const places = placesOf(options);
  const [meshObject, injector, deployment] = await Promise.all([
    required(once, places.mesh, signal),
    once.get(places.injector, signal),
    readOptional(once, places.istiod, signal),
  ]);
  const values = injectorValues(injector);
  const rootCert = await readRootCert(once, options, rootCertName(values));
  const settings = meshSettings(meshConfigOf(meshObject), values, istioNamespace);
  const { defaultConfig } = settings;
  const signs = { istioNamespace, deployment, defaultConfig, ...(signal && { signal }) };
  const ambient = await hasAmbient(once, signs);
  const { home, discovery } = options.skip?.includes('addresses')
    ? NOT_ASKED
    : await findIstiodHome(once, options, { ref: places.mesh, defaultConfig });
  const istiod = await findIstiod(options.wait === undefined ? once : kube, options, home);
  return {
    generation: 'current',
    istioNamespace,
    ...settings,
    ...(suffix === '' ? {} : { revision: suffix.slice(1) }),
    clusterId: options.clusterId ?? clusterIdOf(values),
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    istiodHost: istiodHost(options, { home, discovery }),
    istiodPort: istiod.port,
    istiodAddresses: istiod.addresses,
    istiodAddressSource: istiod.source,
    rootCert,
    ...(ambient && { ambient }),
    // For people only, so its absence is no Problem.
    ...present({ version: imageVersion(deployment) }),
  };
}

type Mapping = ReturnType<typeof mapping>;

/** What the mesh configuration and the injector's values say of the mesh as a whole. */
function meshSettings(mesh: Mapping, values: Mapping, istioNamespace: string) {
  const defaultConfig = mapping(mesh['defaultConfig']);
  const rootNamespace = text(mesh['rootNamespace']) ?? istioNamespace;
  const meshId = text(defaultConfig['meshId']) ?? text(mapping(values['global'])['meshID']);
  return {
    ...(rootNamespace === istioNamespace ? {} : { rootNamespace }),
    trustDomain: text(mesh['trustDomain']) ?? 'cluster.local',
    ...present({ detectionMs: parseLimit(text(mesh['protocolDetectionTimeout']) ?? '') }),
    ...(meshId === undefined ? {} : { meshId }),
    defaultConfig,
  };
}

/** Whether the mesh has ambient clients, for a command that needs no other fact. */
export async function readAmbient(kube: Kubernetes, options: FactsOptions): Promise<boolean> {
  const { istioNamespace, signal } = options;
  const places = placesOf(options);
  const [defaultConfig, deployment] = await Promise.all([
    readDefaultConfig(kube, places.mesh, signal),
    readOptional(kube, places.istiod, signal),
    readOptional(kube, ztunnelRef(istioNamespace), signal),
  ]);
  return hasAmbient(kube, { istioNamespace, deployment, defaultConfig, ...(signal && { signal }) });
}

/** For a command that never dials istiod. */
const NOT_ASKED = { home: { kind: 'here' }, discovery: undefined } as const;

interface Places {
  readonly mesh: ObjectRef;
  readonly injector: ObjectRef;
  /** The Deployment. */
  readonly istiod: ObjectRef;
}

function placesOf({ istioNamespace: namespace, revision }: FactsOptions): Places {
  const suffix = revisionSuffix(revision);
  return {
    mesh: configMapRef(namespace, `istio${suffix}`),
    injector: configMapRef(namespace, `istio-sidecar-injector${suffix}`),
    istiod: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: `istiod${suffix}` },
  };
}

/**
 * The name in istiod's certificate. A revision has its own; otherwise the mesh config may name another one. An IP
 * address there counts only when istiod runs elsewhere: in this cluster VMs come through a gateway, and the certificate
 * has the Service's name.
 */
function istiodHost(
  options: FactsOptions,
  { home, discovery }: { readonly home: IstiodHome; readonly discovery: Place | undefined },
): string {
  const suffix = revisionSuffix(options.revision);
  const ownName = `istiod${suffix}.${options.istioNamespace}.svc`;
  if (home.kind === 'outside') return home.host;
  if (discovery === undefined || suffix !== '') return ownName;
  return discovery.isIp && home.kind === 'here' ? ownName : discovery.host;
}

/** istiod calls a cluster without a name Kubernetes. */
function clusterIdOf(values: Readonly<Record<string, unknown>>): string {
  return text(mapping(mapping(values['global'])['multiCluster'])['clusterName']) ?? 'Kubernetes';
}

async function required(kube: Kubernetes, ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject> {
  const found = await kube.get(ref, signal);
  if (found === undefined) throw clusterProblems.factMissing({ object: showRef(ref), cluster: kube.name });
  return found;
}

/** The workload's namespace may not exist yet. istiod writes the same roots into every namespace. */
function rootCertRefs(options: FactsOptions, name: string): readonly ObjectRef[] {
  const namespaces = [...new Set([options.namespace ?? options.istioNamespace, options.istioNamespace])];
  return namespaces.map((namespace) => configMapRef(namespace, name));
}

/** The ConfigMap with istiod's roots in each namespace. The installation may rename it. */
function rootCertName(values: Readonly<Record<string, unknown>>): string {
  return text(mapping(values['global'])['trustBundleName']) ?? ROOT_CERT;
}

async function readRootCert(kube: Kubernetes, options: FactsOptions, name: string): Promise<string> {
  const refs = rootCertRefs(options, name);
  for (const ref of refs) {
    const found = await kube.get(ref, options.signal);
    if (found !== undefined) return certificates(ref, text(mapping(found['data'])['root-cert.pem']) ?? '');
  }
  throw clusterProblems.factMissing({ object: refs.map(showRef).join(' or '), cluster: kube.name });
}

function certificates(ref: ObjectRef, pem: string): string {
  const found = certificatesIn(pem);
  const key = 'root-cert.pem';
  if (found.length === 0) {
    throw clusterProblems.factUnreadable({ object: showRef(ref), key, reason: 'it contains no certificate' });
  }
  try {
    for (const each of found) new X509Certificate(each);
  } catch (error) {
    throw clusterProblems.factUnreadable({ object: showRef(ref), key, reason: 'it is no valid certificate' }, error);
  }
  return pem;
}
