import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { connectKubernetes } from '../../src/cluster/api/connect-kubernetes.ts';
import type { FactsOptions } from '../../src/cluster/facts/facts-options.ts';
import type { Caller, ClusterPicture } from '../../src/cluster/picture/picture.ts';
import { readClusterPicture } from '../../src/cluster/picture/read-picture.ts';
import type { Result } from '../../src/checks/check.ts';
import { type JudgedPart, judgePicture } from '../../src/checks/mesh/judge-picture.ts';
import { gatewayExposure, GATEWAY_LABELS } from '../../src/mesh/current/exposure.ts';
import { currentObjects } from '../../src/mesh/current/registration.ts';
import { automaticEntryName } from '../../src/mesh/entry-name.ts';
import { type KubeObject, refOf, showRef } from '../../src/mesh/kube-object.ts';
import type { Workload } from '../../src/mesh/workload.ts';
import { portMap, workloadLabels } from '../../src/mesh/workload-labels.ts';
import { aConfigMap, aNamespace, aService } from './cluster-objects.ts';
import { FakeApiServer, type FakeApiOptions } from './fake-api-server.ts';

export const NOW = new Date('2026-11-30T12:00:00Z');
const SYSTEM = 'istio-system';

/** The root of the example mesh, which is valid for a hundred years. */
export const ROOT = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/
  .exec(readFileSync(new URL('../../examples/current-cluster/istio-configmaps.yaml', import.meta.url), 'utf8'))![0]
  .replaceAll(/^ +/gm, '');

function aDeployment(name: string, labels: Readonly<Record<string, string>>, image: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: SYSTEM, labels: { ...labels, 'istio.io/rev': 'default' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'discovery', image, env: [] }] } },
    },
    status: { replicas: 1, readyReplicas: 1 },
  };
}

function aPod(name: string, labels: Readonly<Record<string, string>>, image: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: SYSTEM, labels },
    spec: { containers: [{ name: 'main', image }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** The endpoints of a Service. */
function aSlice(service: string): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace: SYSTEM, labels: { 'kubernetes.io/service-name': service } },
    endpoints: [{ addresses: ['10.4.0.7'], conditions: { ready: true } }],
  };
}

const ISTIOD_LABELS = { app: 'istiod', istio: 'pilot' };
const IMAGE = 'docker.io/istio/pilot:1.30.4';

function controlPlane(): readonly KubeObject[] {
  const mesh = 'accessLogFile: /dev/stdout\ndefaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n';
  const clientConfig = {
    service: { name: 'istiod', namespace: SYSTEM },
    caBundle: Buffer.from(ROOT).toString('base64'),
  };
  const via = { kind: 'loadbalancer', provider: 'none' } as const;
  const exposed = {
    istioNamespace: SYSTEM,
    via,
    clusterDomain: 'cluster.local',
    ownService: true,
    selector: GATEWAY_LABELS,
  };
  return [
    aNamespace(SYSTEM),
    aService('istiod', { selector: ISTIOD_LABELS, ports: [{ name: 'https-dns', port: 15012 }] }),
    aConfigMap(SYSTEM, 'istio', { mesh }),
    aConfigMap(SYSTEM, 'istio-sidecar-injector', { values: '{"global":{}}' }),
    aConfigMap(SYSTEM, 'istio-ca-root-cert', { 'root-cert.pem': ROOT }),
    aDeployment('istiod', ISTIOD_LABELS, IMAGE),
    aPod('istiod-1', ISTIOD_LABELS, IMAGE),
    ...['istiod', 'istio-eastwestgateway'].map(aSlice),
    aPod('gateway-1', GATEWAY_LABELS, 'docker.io/istio/proxyv2:1.30.4'),
    ...gatewayExposure(exposed).map((object) =>
      object.kind === 'Service'
        ? { ...object, status: { loadBalancer: { ingress: [{ ip: '10.150.0.30' }] } } }
        : object,
    ),
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: {
        name: 'istio-revision-tag-default',
        labels: { 'istio.io/rev': 'default', 'istio.io/tag': 'default' },
      },
      webhooks: [{ name: 'rev.namespace.sidecar-injector.istio.io', clientConfig }],
    },
  ];
}

const DATABASE: Workload = {
  group: 'db1',
  namespace: 'vm',
  serviceAccount: 'db1',
  labels: {},
  services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'mysql' }] }],
};

const WEB: Workload = {
  ...{ group: 'web1', namespace: 'vm', serviceAccount: 'web1', labels: {} },
  services: [{ name: 'web', ports: [{ number: 8080, name: 'http' }] }],
};

/** What meshx writes for a VM, and the entry that istiod makes of it. */
export function aVm(workload: Workload, address: string): readonly KubeObject[] {
  const { namespace, group, serviceAccount } = workload;
  const labels = workloadLabels(workload);
  const entry = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      name: automaticEntryName({ group, address }),
      namespace,
      labels,
      annotations: {
        'istio.io/autoRegistrationGroup': group,
        'istio.io/connectedAt': '2026-11-30T09:00:00Z',
        'istio.io/workloadController': 'istiod-1',
      },
    },
    spec: { address, labels, serviceAccount, ports: portMap(workload) },
  };
  return [...currentObjects({ workload, createServiceAccount: true }), entry];
}

/** The object of a YAML text. */
function anObject(text: string): KubeObject {
  return parse(text) as KubeObject;
}

type Mapping = Record<string, unknown>;

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Mapping = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  return result;
}

/** A change of a mesh: a merge patch of one object, an object that is removed, or objects that are added. */
export type Edit =
  { readonly change: string; readonly to: string } | { readonly remove: string } | { readonly add: string };

/** The objects of a mesh in which nothing is wrong: istiod behind a gateway, and two VMs in namespace vm. */
export function healthyMesh(...edits: readonly Edit[]): readonly KubeObject[] {
  const objects = [
    ...controlPlane(),
    ...['vm', 'web'].flatMap((name) => [
      aNamespace(name),
      aConfigMap(name, 'istio-ca-root-cert', { 'root-cert.pem': ROOT }),
    ]),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'vm' } },
    ...aVm(DATABASE, '10.0.0.5'),
    ...aVm(WEB, '10.0.0.6'),
    anObject(
      '{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: vm}, spec: {mtls: {mode: STRICT}}}',
    ),
  ];
  return edits.reduce<readonly KubeObject[]>(edited, objects);
}

function edited(objects: readonly KubeObject[], edit: Edit): readonly KubeObject[] {
  if ('add' in edit)
    return [...objects, ...parseAllDocuments(edit.add).map((document) => document.toJS() as KubeObject)];
  const wanted = 'remove' in edit ? edit.remove : edit.change;
  if (!objects.some((object) => showRef(refOf(object)) === wanted)) throw new Error(`the mesh has no ${wanted}`);
  return objects.flatMap((object) => {
    if (showRef(refOf(object)) !== wanted) return [object];
    return 'remove' in edit ? [] : [merged(object, parse(edit.to)) as KubeObject];
  });
}

export interface PictureWords {
  readonly server?: Omit<FakeApiOptions, 'objects'>;
  readonly facts?: Partial<FactsOptions>;
  readonly namespace?: string;
  readonly caller?: Caller;
  readonly now?: Date;
}

/** The picture of a live cluster with these objects. */
async function pictureOf(objects: readonly KubeObject[], words: PictureWords = {}): Promise<ClusterPicture> {
  await using server = await FakeApiServer.start({ ...words.server, objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const { namespace, caller, now = NOW } = words;
  return await readClusterPicture(kube, {
    facts: { istioNamespace: SYSTEM, ...words.facts },
    now,
    ...(namespace !== undefined && { namespace }),
    ...(caller && { caller }),
  });
}

/** What the checks say of a live cluster with these objects. */
export async function judged(
  objects: readonly KubeObject[],
  words: PictureWords & Partial<JudgedPart> = {},
): Promise<readonly Result[]> {
  const { vms = [], only = [], kubectlOptions = [] } = words;
  return judgePicture(await pictureOf(objects, words), { vms, only, kubectlOptions });
}

/** `error target-port` for each finding, each once. */
export function findingsOf(results: readonly Result[]): readonly string[] {
  const failed = results.filter(({ ok }) => ok === false);
  return [...new Set(failed.map(({ severity, id }) => `${severity} ${id}`))];
}
