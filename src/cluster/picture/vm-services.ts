import { groupLabels } from '../../mesh/current/group.ts';
import { type KubeObject, madeByMeshx } from '../../mesh/kube-object.ts';
import { mapping, textMapping } from '../../mesh/unknown.ts';
import { servicesNamed } from '../../mesh/workload-labels.ts';
import { reachOf } from '../facts/load-balancer.ts';
import { entryLabels } from '../registration/entries.ts';

type Labels = Readonly<Record<string, string>>;

/** Finds entries by their labels without comparing each Service with each entry. */
export class EntryIndex {
  readonly #byTerm = new Map<string, KubeObject[]>();

  constructor(entries: readonly KubeObject[]) {
    for (const entry of entries)
      for (const term of new Set(labelSets(entry).flatMap(termsOf)))
        this.#byTerm.set(term, [...(this.#byTerm.get(term) ?? []), entry]);
  }

  /** The entries that a selector matches; none for an empty selector, as in Kubernetes. */
  selectedBy(selector: Labels): readonly KubeObject[] {
    const [first, ...rest] = termsOf(selector);
    if (first === undefined) return [];
    const found = this.#byTerm.get(first) ?? [];
    return rest.length === 0 ? found : found.filter((entry) => isSelected(entry, selector));
  }
}

/** Whether a selector matches an entry. Sidecar clients merge its two label maps; a Service selects by that of the spec. */
function isSelected(entry: KubeObject, selector: Labels): boolean {
  const wanted = Object.entries(selector);
  return labelSets(entry).some((labels) => wanted.every(([key, value]) => labels[key] === value));
}

function labelSets(entry: KubeObject): readonly Labels[] {
  return [entryLabels(entry), textMapping(mapping(entry['spec'])['labels'])];
}

function termsOf(labels: Labels): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** The Services of a namespace that concern its VMs. A namespace may have thousands of others. */
export function vmServices(
  services: readonly KubeObject[],
  { groups, entries }: { readonly groups: readonly KubeObject[]; readonly entries: readonly KubeObject[] },
): readonly KubeObject[] {
  const index = new EntryIndex(entries);
  const named = new Set([...groups.map(groupLabels), ...entries.map(entryLabels)].flatMap(servicesNamed));
  return services.filter(
    (service) =>
      madeByMeshx(service) ||
      named.has(service.metadata.name) ||
      index.selectedBy(textMapping(reachOf(service).selector)).length > 0,
  );
}
