import { type AccessQuestion, accessOf, deniesEveryone, principalsIn } from '../../mesh/authorization-policy.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { distinct } from './mutual-tls.ts';
import { nameOf } from './objects.ts';
import { type ServedPort, servedPorts } from './served-ports.ts';

const policy = { category: 'policy', severity: 'error' } as const;
const POLICIES = ['authorizationPolicies', 'rootAuthorizationPolicies'] as const;

/** Who may call the VMs. */
export const authorizationChecks: readonly NamespaceCheck[] = [
  {
    ...policy,
    id: 'caller-allowed',
    title: 'the policies let the caller in',
    needs: ['about', 'kubectl', 'entries', 'services', 'place', 'meshConfig', ...POLICIES],
    judge: allowed,
  },
  {
    ...policy,
    id: 'policy-identities',
    severity: 'warning',
    title: 'policies name identities of the trust domain of the mesh',
    needs: ['about', 'kubectl', 'meshConfig', ...POLICIES],
    judge: identities,
  },
];

function policiesOf({ authorizationPolicies, rootAuthorizationPolicies }: NamespaceFacts): readonly KubeObject[] {
  return [...new Set([...authorizationPolicies, ...rootAuthorizationPolicies])];
}

function allowed(facts: NamespaceFacts): readonly Seen[] {
  const all = policiesOf(facts);
  if (all.length === 0) return [];
  return distinct(servedPorts(facts).flatMap((served) => denial(served, facts, all)));
}

/** Without a given caller, one of the VM's own namespace is assumed, and that it is denied may be meant. */
function denial(served: ServedPort, facts: NamespaceFacts, policies: readonly KubeObject[]): readonly Seen[] {
  const { about, place } = facts;
  const { caller = { namespace: place, account: 'default' } } = about;
  const question = questionOf(served, facts, caller);
  const where = `port ${served.port.number} of ${nameOf(served.service)}`;
  const total = deniesEveryone(question, policies);
  if (total.length > 0)
    return [
      wrong(nameOf(served.service), `${total.join(', ')} denies every caller at ${where}`, {
        hint: editHint(total, facts),
      }),
    ];
  const { verdict, by } = accessOf(question, policies);
  if (verdict !== 'denied') return [];
  const who = `${caller.namespace}/${caller.account}`;
  const given = about.caller !== undefined;
  const detail = `${by.join(', ')} denies service account ${who}${given ? '' : ' (assumed: no caller was given)'} at ${where}`;
  const real = commandLine(['meshx', 'check', '--from', 'NAMESPACE/ACCOUNT', '-n', place]);
  const hint = given ? editHint(by, facts) : `Check a real caller: ${real}`;
  return [wrong(nameOf(served.service), detail, { hint, severity: given ? 'error' : 'note' })];
}

function questionOf(
  { labels, number, isHttp }: ServedPort,
  facts: NamespaceFacts,
  caller: { readonly namespace: string; readonly account: string },
): AccessQuestion {
  const { about, place } = facts;
  const principals = trustDomains(facts).map((domain) => `${domain}/ns/${caller.namespace}/sa/${caller.account}`);
  const subject = { namespace: place, labels, port: number, isHttp, rootNamespace: about.rootNamespace };
  return { ...subject, principals, callerNamespace: caller.namespace };
}

/** istiod matches policies with every alias of the trust domain, and takes `cluster.local` for the mesh's own. */
function trustDomains({ about, meshConfig }: Pick<NamespaceFacts, 'about' | 'meshConfig'>): readonly string[] {
  const aliases = list(meshConfig?.['trustDomainAliases']).filter((each) => typeof each === 'string');
  return [...new Set([about.trustDomain, ...aliases, 'cluster.local'])];
}

function editHint(names: readonly string[], { kubectl }: NamespaceFacts): string {
  const [namespace = '', name = ''] = (names[0] ?? '').replace(/^\S+ /, '').split('/');
  return `Change the policy: ${kubectl('edit', 'authorizationpolicy', name, '-n', namespace)}`;
}

function identities(facts: NamespaceFacts): readonly Seen[] {
  const { kubectl } = facts;
  const domains = trustDomains(facts);
  return policiesOf(facts).flatMap((each) => {
    const foreign = principalsIn(each).filter((principal) => !isOfMesh(principal, domains));
    if (foreign.length === 0) return [];
    const { name, namespace = 'default' } = each.metadata;
    const detail = `${nameOf(each)} names ${foreign.join(', ')}, and the trust domain of the mesh is ${facts.about.trustDomain}: no workload of this mesh has such an identity`;
    const hint = `Write TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT without spiffe://: ${kubectl('edit', 'authorizationpolicy', name, '-n', namespace)}`;
    return [wrong(nameOf(each), detail, { hint })];
  });
}

function isOfMesh(principal: string, domains: readonly string[]): boolean {
  const [domain = ''] = principal.split('/ns/');
  if (principal.startsWith('*') || (principal.endsWith('*') && !principal.includes('/ns/'))) return true;
  return !principal.startsWith('spiffe://') && domains.includes(domain);
}
