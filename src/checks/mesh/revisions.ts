import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { istiodsIn, nameOf } from './objects.ts';

const REVISION = 'istio.io/rev';
const TAG = 'istio.io/tag';

/** Tags that lead nowhere. */
export const revisionChecks: readonly MeshCheck[] = [
  {
    id: 'revision-tags',
    category: 'cluster',
    severity: 'error',
    title: 'every revision tag points to a revision with a control plane',
    needs: ['about', 'kubectl', 'home', 'webhooks', 'controlDeployments'],
    judge: tags,
  },
];

export const namespaceRevisionChecks: readonly NamespaceCheck[] = [
  {
    id: 'namespace-revision',
    category: 'cluster',
    severity: 'error',
    title: 'the revision that a namespace of VMs names has a control plane',
    needs: ['about', 'kubectl', 'home', 'webhooks', 'controlDeployments', 'namespace', 'place'],
    judge: ofNamespace,
  },
];

/** Revisions with an istiod in the control plane's namespace; undefined where istiod runs elsewhere. */
function revisionsHere({ home, controlDeployments }: Pick<MeshFacts, 'home' | 'controlDeployments'>) {
  const istiods = istiodsIn(controlDeployments);
  if (home.kind !== 'here' || istiods.length === 0) return undefined;
  return istiods.map(
    ({ metadata }) => metadata.labels?.[REVISION] ?? (metadata.name.replace(/^istiod-?/, '') || 'default'),
  );
}

function tags(facts: MeshFacts): readonly Seen[] {
  const revisions = revisionsHere(facts);
  if (!revisions) return [];
  const { about, kubectl } = facts;
  return tagsOf(facts).flatMap(({ webhook, tag, revision }) => {
    if (revisions.includes(revision)) return [];
    const detail = `tag ${tag} points to revision ${revision}, and namespace ${about.istioNamespace} has istiod only for ${revisions.join(', ')}`;
    const set = `istioctl tag set ${tag} --revision ${revisions[0]} --overwrite`;
    const hint = `Point it to a revision that runs: ${set}; or remove it: ${kubectl('delete', 'mutatingwebhookconfiguration', webhook.metadata.name)}`;
    return [wrong(nameOf(webhook), detail, { hint })];
  });
}

/** Tags of this control plane's namespace. */
function tagsOf({ about, webhooks }: Pick<MeshFacts, 'about' | 'webhooks'>) {
  return webhooks.flatMap((webhook) => {
    const { labels = {} } = webhook.metadata;
    const [tag, revision] = [labels[TAG], labels[REVISION]];
    if (tag === undefined || revision === undefined || !isServedFrom(webhook, about.istioNamespace)) return [];
    return [{ webhook, tag, revision }];
  });
}

function isServedFrom(webhook: KubeObject, namespace: string): boolean {
  const services = list(webhook['webhooks']).map((each) => mapping(mapping(mapping(each)['clientConfig'])['service']));
  return services.some((service) => service['namespace'] === namespace);
}

function ofNamespace(facts: NamespaceFacts): readonly Seen[] {
  const revisions = revisionsHere(facts);
  const named = facts.namespace?.metadata.labels?.[REVISION];
  if (!revisions || named === undefined) return [];
  const known = [...revisions, ...tagsOf(facts).map(({ tag }) => tag)];
  if (known.includes(named)) return [];
  const { place, kubectl } = facts;
  const hint = `Name one that runs: ${kubectl('label', 'namespace', place, `${REVISION}=${revisions[0]}`, '--overwrite')}`;
  const detail = `label ${REVISION}=${named} names no revision or tag; there are ${known.join(', ')}`;
  return [wrong(`Namespace ${place}`, detail, { hint })];
}
