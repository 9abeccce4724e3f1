import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../../mesh/current/root-bundle.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf } from './objects.ts';

const identity = { category: 'identity', severity: 'error' } as const;
const DAY_MS = 86_400_000;
/** Long enough to plan a rotation, which every VM must see. */
const SOON_DAYS = 60;

/** The roots that VMs trust. */
export const rootChecks: readonly MeshCheck[] = [
  {
    ...identity,
    id: 'root-end',
    title: "the mesh's root certificate is valid for more than 60 days",
    needs: ['about', 'kubectl', 'controlRoots'],
    judge: ends,
  },
  {
    ...identity,
    id: 'root-single',
    severity: 'note',
    title: 'the mesh has one root certificate',
    needs: ['controlRoots'],
    judge: single,
  },
  {
    ...identity,
    id: 'root-of-istiod',
    title: 'the root that istiod uses is among those that VMs get',
    needs: ['about', 'kubectl', 'webhooks', 'controlRoots'],
    judge: ofIstiod,
  },
];

export const namespaceRootChecks: readonly NamespaceCheck[] = [
  {
    ...identity,
    id: 'root-namespace',
    title: 'each namespace of VMs has the roots of the mesh',
    needs: ['about', 'kubectl', 'controlRoots', 'roots', 'namespace', 'place'],
    judge: inNamespace,
  },
];

/** The certificates of a PEM text. What is no certificate is left out. */
function readableIn(pem: string): readonly X509Certificate[] {
  return certificatesIn(pem).flatMap((each) => {
    try {
      return [new X509Certificate(each)];
    } catch {
      // istiod writes certificates only; the next check names what is missing.
      return [];
    }
  });
}

function rootsIn(object: KubeObject | null): readonly X509Certificate[] {
  return readableIn(text(mapping(object?.['data'])['root-cert.pem']) ?? '');
}

function ends({ about, kubectl, controlRoots }: MeshFacts): readonly Seen[] {
  if (controlRoots === null) return [];
  const name = nameOf(controlRoots);
  const roots = rootsIn(controlRoots);
  if (roots.length === 0) {
    const restart = kubectl('rollout', 'restart', `deployment/istiod${about.suffix}`, '-n', about.istioNamespace);
    return [
      wrong(name, `${name} holds no certificate, so no VM can trust istiod`, {
        hint: `Let istiod write it again: ${restart}`,
      }),
    ];
  }
  return roots.flatMap((root) => {
    const end = new Date(root.validTo);
    const days = Math.floor((end.getTime() - about.now.getTime()) / DAY_MS);
    if (days > SOON_DAYS) return [];
    const when = end.toISOString().slice(0, 10);
    const detail =
      days < 0
        ? `root certificate ${shortOf(root)} in ${name} ended on ${when}: every connection of the mesh fails`
        : `root certificate ${shortOf(root)} in ${name} ends on ${when}, in ${days} days`;
    const hint =
      'Rotate it while both roots are trusted: https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/; a VM that is off meanwhile needs: meshx rejoin VM';
    return [wrong(name, detail, { hint, severity: days < 0 ? 'error' : 'warning' })];
  });
}

function single({ controlRoots }: MeshFacts): readonly Seen[] {
  const roots = rootsIn(controlRoots);
  if (controlRoots === null || roots.length < 2) return [];
  const detail = `${nameOf(controlRoots)} has ${roots.length} roots, ${roots.map(shortOf).join(', ')}: a rotation is under way. VMs must be on until it ends`;
  return [
    wrong(nameOf(controlRoots), detail, {
      hint: 'Bring a VM that was off since the rotation began back with: meshx rejoin VM',
    }),
  ];
}

/** istiod writes its own root into the webhooks that the API server calls. Its Secret also holds the CA's key, and is never read. */
function ofIstiod({ about, kubectl, webhooks, controlRoots }: MeshFacts): readonly Seen[] {
  const known = new Set(rootsIn(controlRoots).map(({ fingerprint256 }) => fingerprint256));
  const own = bundlesOf(webhooks, about.istioNamespace, `istiod${about.suffix}`);
  if (controlRoots === null || known.size === 0 || own.length === 0) return [];
  const foreign = own.filter(({ root }) => !known.has(root.fingerprint256));
  const [first] = foreign;
  if (!first || foreign.length < own.length) return [];
  const restart = kubectl('rollout', 'restart', `deployment/istiod${about.suffix}`, '-n', about.istioNamespace);
  const detail = `istiod uses root ${shortOf(first.root)} (caBundle of ${nameOf(first.webhook)}), and ${nameOf(controlRoots)} has only ${rootsIn(controlRoots).map(shortOf).join(', ')}: VMs refuse istiod`;
  return [
    wrong(nameOf(controlRoots), detail, {
      hint: `Let istiod write its roots again: ${restart}; then bring the VMs back: meshx rejoin VM`,
    }),
  ];
}

function bundlesOf(webhooks: readonly KubeObject[], namespace: string, name: string) {
  return webhooks.flatMap((webhook) =>
    list(webhook['webhooks']).flatMap((each) => {
      const config = mapping(mapping(each)['clientConfig']);
      const service = mapping(config['service']);
      if (service['namespace'] !== namespace || service['name'] !== name) return [];
      const pem = Buffer.from(text(config['caBundle']) ?? '', 'base64').toString('utf8');
      return readableIn(pem)
        .slice(-1)
        .map((root) => ({ webhook, root }));
    }),
  );
}

function inNamespace({ about, kubectl, controlRoots, roots, namespace, place }: NamespaceFacts): readonly Seen[] {
  const wanted = rootsIn(controlRoots);
  if (!about.live || namespace === null || controlRoots === null || wanted.length === 0) return [];
  const { name } = controlRoots.metadata;
  const restart = kubectl('rollout', 'restart', `deployment/istiod${about.suffix}`, '-n', about.istioNamespace);
  const hint = `istiod writes it; let it do so again: ${restart}`;
  if (roots === null)
    return [
      wrong(`Namespace ${place}`, `ConfigMap ${place}/${name} does not exist, so no VM can join there`, { hint }),
    ];
  const found = new Set(rootsIn(roots).map(({ fingerprint256 }) => fingerprint256));
  const missing = wanted.filter(({ fingerprint256 }) => !found.has(fingerprint256));
  if (missing.length === 0) return [];
  const detail = `${nameOf(roots)} lacks root ${missing.map(shortOf).join(', ')} of ${nameOf(controlRoots)}: a rotation has not arrived there`;
  return [wrong(nameOf(roots), detail, { hint })];
}

/** The first four bytes of the fingerprint. */
function shortOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.slice(0, 11);
}
