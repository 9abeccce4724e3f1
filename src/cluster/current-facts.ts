import { X509Certificate } from 'node:crypto';
import { Unreadable } from '../documents/unreadable.ts';
import { readYaml } from '../documents/yaml.ts';
import type { CurrentFacts } from '../mesh/cluster-facts.ts';
import { refOf, showRef, type KubeObject, type ObjectRef } from '../mesh/kube-object.ts';
import { mapping, text } from '../mesh/unknown.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { hasAmbient, ztunnelRef } from './ambient.ts';
import { imageVersion, readOptional } from './deployment-version.ts';
import type { FactsOptions } from './facts-options.ts';
import { candidates, findIstiod } from './istiod-address.ts';
import type { Kubernetes } from './kubernetes.ts';
import { begin } from './read-once.ts';
import { configMapRef, revisionSuffix } from './refs.ts';

/** Begins to read what the facts of an istiod cluster need, before it is known to be one. */
export function readAhead(once: Kubernetes, options: FactsOptions): void {
  const [rootCert] = rootCertRefs(options);
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

/** Facts of an istiod cluster, from the places of istio-current.md 2.2. `once` may have read some of them already. */
export async function gatherCurrentFacts(
  kube: Kubernetes,
  options: FactsOptions,
  once: Kubernetes,
): Promise<CurrentFacts> {
  const { istioNamespace, signal } = options;
  const suffix = revisionSuffix(options.revision);
  const places = placesOf(options);
  const [meshObject, injector, rootCert, deployment] = await Promise.all([
    required(once, places.mesh, signal),
    once.get(places.injector, signal),
    readRootCert(once, options),
    readOptional(once, places.istiod, signal),
  ]);
  // The tag of istiod's image, when the Deployment may be read: 1.29.1. It decides nothing, so its absence is no Problem.
  const version = imageVersion(deployment);
  const mesh = meshConfigOf(meshObject);
  const values = injectorValues(injector);
  const defaultConfig = mapping(mesh['defaultConfig']);
  const rootNamespace = text(mesh['rootNamespace']) ?? istioNamespace;
  const meshId = text(defaultConfig['meshId']) ?? text(mapping(values['global'])['meshID']);
  const signs = { istioNamespace, deployment, defaultConfig, ...(signal && { signal }) };
  const ambient = await hasAmbient(once, signs);
  const istiod = await findIstiod(options.wait === undefined ? once : kube, options);
  return {
    generation: 'current',
    istioNamespace,
    ...(rootNamespace === istioNamespace ? {} : { rootNamespace }),
    ...(suffix === '' ? {} : { revision: suffix.slice(1) }),
    clusterId: options.clusterId ?? clusterIdOf(values),
    trustDomain: text(mesh['trustDomain']) ?? 'cluster.local',
    ...(meshId === undefined ? {} : { meshId }),
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    istiodHost: istiodHost(options, defaultConfig),
    istiodPort: istiod.port,
    istiodAddresses: istiod.addresses,
    istiodAddressSource: istiod.source,
    rootCert,
    defaultConfig,
    ...(ambient && { ambient }),
    ...(version === undefined ? {} : { version }),
  };
}

/** Whether the mesh has ambient clients, for a command that needs no other fact. */
export async function readAmbient(kube: Kubernetes, options: FactsOptions): Promise<boolean> {
  const { istioNamespace, signal } = options;
  const places = placesOf(options);
  const [meshObject, deployment] = await Promise.all([
    kube.get(places.mesh, signal),
    readOptional(kube, places.istiod, signal),
    readOptional(kube, ztunnelRef(istioNamespace), signal),
  ]);
  const defaultConfig = meshObject === undefined ? {} : mapping(meshConfigOf(meshObject)['defaultConfig']);
  return hasAmbient(kube, { istioNamespace, deployment, defaultConfig, ...(signal && { signal }) });
}

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

/** A revision has its own name; else the mesh config may name another host, which is in istiod's certificate then. */
function istiodHost(options: FactsOptions, defaultConfig: Readonly<Record<string, unknown>>): string {
  const suffix = revisionSuffix(options.revision);
  const discovery = text(defaultConfig['discoveryAddress'])?.replace(/:\d+$/, '');
  if (suffix === '' && discovery !== undefined) return discovery;
  return `istiod${suffix}.${options.istioNamespace}.svc`;
}

/** An empty name means the only cluster, which istiod itself calls Kubernetes. */
function clusterIdOf(values: Readonly<Record<string, unknown>>): string {
  return text(mapping(mapping(values['global'])['multiCluster'])['clusterName']) ?? 'Kubernetes';
}

function injectorValues(injector: KubeObject | undefined): Readonly<Record<string, unknown>> {
  const values = text(mapping(injector?.['data'])['values']);
  if (injector === undefined || values === undefined) return {};
  return parsed(injector, 'values', values);
}

function meshConfigOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const mesh = text(mapping(object['data'])['mesh']);
  if (mesh === undefined)
    throw clusterProblems.factUnreadable({ object: showRef(refOf(object)), key: 'mesh', reason: 'it is not there' });
  return parsed(object, 'mesh', mesh);
}

/** Both keys are read by istiod as YAML, of which JSON is a part. A text that is not a mapping is lost, not empty. */
function parsed(object: KubeObject, key: string, content: string): Readonly<Record<string, unknown>> {
  const unreadable = (reason: string, cause?: unknown): Error =>
    clusterProblems.factUnreadable({ object: showRef(refOf(object)), key, reason }, cause);
  let value: unknown;
  try {
    value = readYaml(content) ?? {};
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw unreadable(`line ${error.line}: ${error.message}`, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable('it is not a mapping');
  return mapping(value);
}

async function required(kube: Kubernetes, ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject> {
  const found = await kube.get(ref, signal);
  if (found === undefined) throw clusterProblems.factMissing({ object: showRef(ref), cluster: kube.name });
  return found;
}

/** The workload's namespace may not exist yet: istiod writes the same roots into every namespace. */
function rootCertRefs(options: FactsOptions): readonly ObjectRef[] {
  const namespaces = [...new Set([options.namespace ?? options.istioNamespace, options.istioNamespace])];
  return namespaces.map((namespace) => configMapRef(namespace, 'istio-ca-root-cert'));
}

async function readRootCert(kube: Kubernetes, options: FactsOptions): Promise<string> {
  const refs = rootCertRefs(options);
  for (const ref of refs) {
    const found = await kube.get(ref, options.signal);
    if (found !== undefined) return certificates(ref, text(mapping(found['data'])['root-cert.pem']) ?? '');
  }
  throw clusterProblems.factMissing({ object: refs.map(showRef).join(' or '), cluster: kube.name });
}

function certificates(ref: ObjectRef, pem: string): string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const key = 'root-cert.pem';
  if (blocks.length === 0) {
    throw clusterProblems.factUnreadable({ object: showRef(ref), key, reason: 'it holds no certificate' });
  }
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    throw clusterProblems.factUnreadable({ object: showRef(ref), key, reason: 'it is no valid certificate' }, error);
  }
  return pem;
}
