import pLimit from 'p-limit';
import { parseLimit } from '../../mesh/duration.ts';
import { NETWORKING, SECURITY } from '../../mesh/current/objects.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { text } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { checkProblems } from '../../problems/check.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { readOnce } from '../api/read-once.ts';
import { revisionSuffix } from '../api/refs.ts';
import { generationOf } from '../facts/detect-generation.ts';
import type { FactsOptions } from '../facts/facts-options.ts';
import { byRevision } from '../facts/revision-tag.ts';
import { type Part, partReader, type PartReader, readPart, type ServedKinds, type Wanted } from './part.ts';
import type { About, Caller, ClusterPicture, MeshParts } from './picture.ts';
import {
  readAmbience,
  readControlPlane,
  readHome,
  readSettings,
  rootsNameOf,
  type Settings,
} from './read-control-plane.ts';
import { readNamespace } from './read-namespace.ts';
import { vmNamespaces } from './vm-namespaces.ts';

/** What a picture is about. */
export interface PictureQuestion {
  readonly facts: FactsOptions;
  /** The only namespace of VMs to read; all namespaces with VMs of meshx when absent. */
  readonly namespace?: string;
  readonly caller?: Caller;
  readonly now: Date;
}

/** Namespaces that are read at the same time. */
const AT_ONCE = 8;

/**
 * The mesh as its cluster has it. Sends a fixed number of requests for the control plane and for each namespace with VMs, however many
 * Services the cluster has. A part that cannot be read holds the reason. Throws `check-needs-istiod`, and what would end every request:
 * an unreachable cluster, refused credentials.
 */
export async function readClusterPicture(kube: Kubernetes, question: PictureQuestion): Promise<ClusterPicture> {
  const { signal } = question.facts;
  const [served, kubernetesVersion] = await Promise.all([readServed(kube, signal), readVersion(kube, signal)]);
  const once = readOnce(kube);
  const read = partReader(once, served, signal);
  const { isInstalled, facts } = await resolve(once, question.facts);
  const [settings, vms] = await Promise.all([
    readSettings(read, facts),
    vmNamespaces(read, question.namespace, kube.namespace),
  ]);
  const about = aboutOf(kube, { question, facts, settings });
  const rootsName = rootsNameOf(settings);
  const limit = pLimit(AT_ONCE);
  const [control, home, policies, namespaces] = await Promise.all([
    readControlPlane(read, facts, rootsName),
    readHome(once, facts, settings),
    readPolicies(read, about, vms.limited !== undefined),
    Promise.all(vms.names.map((name) => limit(() => readNamespace(read, name, rootsName)))),
  ]);
  const isAmbient = await readAmbience(once, facts, { ...settings, ...control });
  const mesh: MeshParts = { kubernetesVersion, isInstalled, home, isAmbient, ...settings, ...control, ...policies };
  return { about, mesh, namespaces, ...present({ limited: vms.limited }) };
}

function aboutOf(
  kube: Kubernetes,
  given: { readonly question: PictureQuestion; readonly facts: FactsOptions; readonly settings: Settings },
): About {
  const { question, facts, settings } = given;
  const { istioNamespace, clusterDomain = 'cluster.local', address, gateway, revision } = facts;
  const config = 'found' in settings.meshConfig ? settings.meshConfig.found : null;
  return {
    cluster: kube.name,
    live: kube.live,
    now: question.now,
    istioNamespace,
    suffix: revisionSuffix(revision),
    rootNamespace: text(config?.['rootNamespace']) ?? istioNamespace,
    clusterDomain,
    trustDomain: text(config?.['trustDomain']) ?? 'cluster.local',
    ...present({ detectionMs: parseLimit(text(config?.['protocolDetectionTimeout']) ?? '') }),
    ...present({ asked: question.facts.revision, address, gateway, caller: question.caller }),
  };
}

/** The revision behind a tag, and whether Istio is there at all. */
async function resolve(
  once: Kubernetes,
  facts: FactsOptions,
): Promise<{ readonly isInstalled: Part<boolean>; readonly facts: FactsOptions }> {
  let resolved = facts;
  const wanted: Wanted = { verb: 'get', group: '', resource: 'services', namespace: facts.istioNamespace };
  const isInstalled = await readPart(wanted, async () => {
    try {
      return await byRevision(once, facts, async (options) => {
        const generation = await generationOf(once, options);
        if (!meshGeneration(generation).hasGroups)
          throw checkProblems.needsIstiod({ cluster: once.name, namespace: facts.istioNamespace });
        resolved = options;
        return true;
      });
    } catch (error) {
      if (error instanceof Problem && error.id === clusterProblems.istioNotFound.id) return false;
      throw error;
    }
  });
  return { isInstalled, facts: resolved };
}

/** What is served of Istio's groups. Unknown for a folder of manifests, and where discovery is refused. */
async function readServed(kube: Kubernetes, signal?: AbortSignal): Promise<ServedKinds> {
  const read = async (version: string) => {
    const wanted: Wanted = { verb: 'get', group: '', resource: `/apis/${version}` };
    const part = await readPart(wanted, async () => await kube.served?.(version, signal));
    return 'found' in part && part.found !== undefined ? [[version, part.found] as const] : [];
  };
  return new Map((await Promise.all([NETWORKING, SECURITY].map(read))).flat());
}

function readVersion(kube: Kubernetes, signal?: AbortSignal): Promise<Part<string | null>> {
  const wanted: Wanted = { verb: 'get', group: '', resource: '/version' };
  return readPart(wanted, async () => (await kube.version?.(signal)) ?? null);
}

/** Policies of the root namespace, and those of the caller's namespace if one was given. */
async function readPolicies(read: PartReader, { rootNamespace, caller }: About, isLimited: boolean) {
  const list = (apiVersion: string, kind: string, namespace: string) => read.list({ apiVersion, kind, namespace });
  const ofCaller = async (kind: string): ReturnType<PartReader['list']> =>
    caller === undefined ? { found: [] } : await list(NETWORKING, kind, caller.namespace);
  const [rootPeerAuthentications, rootDestinationRules, rootAuthorizationPolicies, rootSidecars] = await Promise.all([
    list(SECURITY, 'PeerAuthentication', rootNamespace),
    list(NETWORKING, 'DestinationRule', rootNamespace),
    list(SECURITY, 'AuthorizationPolicy', rootNamespace),
    list(NETWORKING, 'Sidecar', rootNamespace),
  ]);
  const [callerDestinationRules, callerSidecars, everyDestinationRule] = await Promise.all([
    ofCaller('DestinationRule'),
    ofCaller('Sidecar'),
    caller !== undefined || isLimited ? { found: [] } : readEverywhere(read, 'DestinationRule'),
  ]);
  const root = { rootPeerAuthentications, rootDestinationRules, rootAuthorizationPolicies, rootSidecars };
  return { ...root, callerDestinationRules, callerSidecars, everyDestinationRule };
}

/** Few operators may list a kind in all namespaces, and no check depends on it alone. */
async function readEverywhere(read: PartReader, kind: string): ReturnType<PartReader['list']> {
  const part = await read.list({ apiVersion: NETWORKING, kind });
  return 'refused' in part && part.refused === 'forbidden' ? { found: [] } : part;
}
