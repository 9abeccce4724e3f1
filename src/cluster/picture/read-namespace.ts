import { NETWORKING, SECURITY } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { textMapping } from '../../mesh/unknown.ts';
import { configMapRef } from '../api/refs.ts';
import { reachOf } from '../facts/load-balancer.ts';
import { isNudge } from '../registration/nudge.ts';
import { mapPart, type Part, type PartReader } from './part.ts';
import type { NamespacePicture } from './picture.ts';
import { EntryIndex, vmServices } from './vm-services.ts';

/** Services without an entry whose pods are listed. Each costs a request; more of them than this have one cause. */
const MOST_POD_LISTS = 20;

/** Everything of one namespace that concerns its VMs. A fixed number of requests, and one for each Service that selects no entry. */
export async function readNamespace(read: PartReader, name: string, rootsName: string): Promise<NamespacePicture> {
  const [own, members] = await Promise.all([readOwn(read, name, rootsName), readMembers(read, name)]);
  return { name, parts: { ...own, ...members } };
}

/** Groups, entries and the Services that concern them. */
async function readMembers(read: PartReader, name: string) {
  const list = (apiVersion: string, kind: string) => read.list({ apiVersion, kind, namespace: name });
  const [groups, all, services] = await Promise.all([
    list(NETWORKING, 'WorkloadGroup'),
    list(NETWORKING, 'WorkloadEntry'),
    list('v1', 'Service'),
  ]);
  const entries = await mapPart(all, (found) => found.filter((entry) => !isNudge(entry)));
  const members = { groups: foundOr(groups), entries: foundOr(entries) };
  const concerned = await mapPart(services, (found) => vmServices(found, members));
  const pods = await podsBehind(read, foundOr(concerned), members.entries);
  return { groups, entries, services: concerned, pods };
}

/** What does not depend on other parts. */
async function readOwn(read: PartReader, name: string, rootsName: string) {
  const list = (apiVersion: string, kind: string) => read.list({ apiVersion, kind, namespace: name });
  const [namespace, roots, accounts, serviceEntries, sidecars] = await Promise.all([
    read.get({ apiVersion: 'v1', kind: 'Namespace', name }),
    read.get(configMapRef(name, rootsName)),
    list('v1', 'ServiceAccount'),
    list(NETWORKING, 'ServiceEntry'),
    list(NETWORKING, 'Sidecar'),
  ]);
  const [peerAuthentications, destinationRules, authorizationPolicies] = await Promise.all([
    list(SECURITY, 'PeerAuthentication'),
    list(NETWORKING, 'DestinationRule'),
    list(SECURITY, 'AuthorizationPolicy'),
  ]);
  const policies = { peerAuthentications, destinationRules, authorizationPolicies };
  return { namespace, roots, accounts, serviceEntries, sidecars, ...policies };
}

/** Pods behind Services that select no entry: a Service of pods alone is in order. */
async function podsBehind(
  read: PartReader,
  services: readonly KubeObject[],
  entries: readonly KubeObject[],
): Promise<Part<readonly KubeObject[]>> {
  const index = new EntryIndex(entries);
  const alone = services.filter((service) => {
    const selector = textMapping(reachOf(service).selector);
    return Object.keys(selector).length > 0 && index.selectedBy(selector).length === 0;
  });
  const lists = await Promise.all(
    alone.slice(0, MOST_POD_LISTS).map((service) =>
      read.list({
        ...{ apiVersion: 'v1', kind: 'Pod', namespace: service.metadata.namespace ?? 'default' },
        labelSelector: Object.entries(textMapping(reachOf(service).selector))
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      }),
    ),
  );
  return lists.find((part) => 'refused' in part) ?? { found: lists.flatMap(foundOr) };
}

function foundOr(part: Part<readonly KubeObject[]>): readonly KubeObject[] {
  return 'found' in part ? part.found : [];
}
