import type { FoundIn, Part, Refused } from '../../cluster/picture/part.ts';
import type { ClusterPicture, NamespacePicture } from '../../cluster/picture/picture.ts';
import { CATEGORIES, type Result } from '../check.ts';
import { judgeEach, type Unread } from '../judge.ts';
import { namesVm, withChosen } from './chosen-vms.ts';
import { kubectlWith, type MeshFacts, type NamespaceFacts } from './facts.ts';
import { groupedBy } from './objects.ts';
import { MESH_CHECKS, NAMESPACE_CHECKS } from './mesh-checks.ts';

/** What of a picture is judged, and how hints name the cluster. */
export interface JudgedPart {
  /** Names of VMs: their groups, entries or addresses. All VMs if empty. */
  readonly vms: readonly string[];
  /** Categories and ids. All checks if empty. */
  readonly only: readonly string[];
  /** Options of kubectl: `--context prod`. */
  readonly kubectlOptions: readonly string[];
}

/** The words that name no VM of the picture. */
export function unknownVms({ namespaces }: ClusterPicture, vms: readonly string[]): readonly string[] {
  return vms.filter((word) => !namespaces.some((namespace) => namesVm(word, namespace)));
}

/** Judges a picture. Pure. Results are in the order of categories and checks; a check that holds everywhere has one result. */
export function judgePicture(picture: ClusterPicture, { vms, only, kubectlOptions }: JudgedPart): readonly Result[] {
  const isWanted = ({ id, category }: { readonly id: string; readonly category: string }): boolean =>
    only.length === 0 || only.includes(id) || only.includes(category);
  const chosen = picture.namespaces.filter((each) => vms.length === 0 || vms.some((word) => namesVm(word, each)));
  const { found, unread } = split(picture.mesh);
  const shared: Partial<MeshFacts> = {
    ...found,
    about: picture.about,
    kubectl: kubectlWith(kubectlOptions),
    refusals: [...refusalsOf([picture.mesh, ...chosen.map(({ parts }) => parts)]), ...unserved(picture)],
    places: picture.namespaces.map(({ name }) => name),
    limited: picture.limited ?? null,
  };
  const ofMesh = judgeEach(MESH_CHECKS.filter(isWanted), shared, unread);
  const checks = NAMESPACE_CHECKS.filter(isWanted);
  const ofNamespaces = chosen.flatMap((namespace) => {
    const { facts, unread: own } = factsOf(namespace, vms);
    const others = picture.namespaces.filter((each) => each !== namespace);
    const entriesElsewhere = others.flatMap(({ parts: { entries } }) => ('found' in entries ? entries.found : []));
    return judgeEach<NamespaceFacts>(checks, { ...shared, ...facts, entriesElsewhere }, { ...unread, ...own });
  });
  return ordered([...ofMesh, ...ofNamespaces]);
}

function factsOf(
  namespace: NamespacePicture,
  vms: readonly string[],
): { readonly facts: Partial<NamespaceFacts>; readonly unread: Unread<NamespaceFacts> } {
  const { found, unread } = split(withChosen(vms, namespace).parts);
  const { entries } = namespace.parts;
  const every = 'found' in entries ? { everyEntry: entries.found } : {};
  const reason = unread.entries === undefined ? {} : { everyEntry: unread.entries };
  return { facts: { ...found, ...every, place: namespace.name }, unread: { ...unread, ...reason } };
}

type Parts = Readonly<Record<string, Part<unknown>>>;

/** What was found, and why the rest is unknown. */
function split<Known extends object>(parts: Known) {
  const all = Object.entries(parts as unknown as Parts);
  const found = all.flatMap(([name, part]) => ('found' in part ? [[name, part.found] as const] : []));
  const refused = all.flatMap(([name, part]) => ('refused' in part ? [[name, whyOf(part)] as const] : []));
  // as: the entries are those of the record.
  return {
    found: Object.fromEntries(found) as Partial<FoundIn<Known>>,
    unread: Object.fromEntries(refused) as { readonly [Name in keyof Known]?: string },
  };
}

function whyOf({ refused, reason, wanted }: Refused): string {
  const { verb, resource, namespace } = wanted;
  if (refused === 'forbidden')
    return `you may not ${verb} ${resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
  return refused === 'not-served' ? `the cluster does not serve ${resource}` : reason;
}

function refusalsOf(records: readonly object[]): readonly Refused[] {
  const parts = records.flatMap((record) => Object.values(record as Parts));
  return [...new Set(parts.filter((part): part is Refused => 'refused' in part))];
}

/** Without these kinds no namespace with VMs is known. */
function unserved({ limited }: ClusterPicture): readonly Refused[] {
  return limited?.refused === 'not-served' ? [limited] : [];
}

/** One result for a check that holds in every namespace; else its failures. Reasons for skipping are not repeated. */
function ordered(results: readonly Result[]): readonly Result[] {
  const merged = [...groupedBy(results, ({ id }) => id).values()].flatMap((same) => {
    const rest = same.filter(({ ok }) => ok !== true);
    const unique = new Map(
      rest.map((result) => [`${String(result.ok)} ${result.object ?? ''} ${result.detail}`, result]),
    );
    return rest.length > 0 ? [...unique.values()] : same.slice(0, 1);
  });
  return CATEGORIES.flatMap((category) => merged.filter((result) => result.category === category));
}
