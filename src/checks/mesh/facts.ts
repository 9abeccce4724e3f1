import type { FoundIn, Refused } from '../../cluster/picture/part.ts';
import type { About, MeshParts, NamespaceParts } from '../../cluster/picture/picture.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { toShell } from '../../shell-words.ts';
import { visible } from '../../visible.ts';
import type { Check, Seen, Severity } from '../check.ts';

/** A command line of kubectl for the cluster that is checked. */
export type Kubectl = (...words: readonly string[]) => string;

/** kubectl with the options by which the operator chose the cluster. */
export function kubectlWith(options: readonly string[]): Kubectl {
  return (...words) => commandLine(['kubectl', ...options, ...words]);
}

/** A command line for a hint. Manifests may hold characters that no shell takes. */
export function commandLine(words: readonly string[]): string {
  return toShell(words.map(visible));
}

/** What is known of the mesh as a whole. */
export interface MeshFacts extends FoundIn<MeshParts> {
  readonly about: About;
  readonly kubectl: Kubectl;
  /** Parts of the picture that could not be read. */
  readonly refusals: readonly Refused[];
  /** The namespaces with VMs. */
  readonly places: readonly string[];
  /** Why other namespaces were not looked for VMs; null if they were. */
  readonly limited: Refused | null;
}

/** What is known of one namespace with VMs. Its groups, entries and Services are those of the chosen VMs. */
export interface NamespaceFacts extends MeshFacts, FoundIn<NamespaceParts> {
  /** Its name. */
  readonly place: string;
  /** Entries of all VMs. */
  readonly everyEntry: readonly KubeObject[];
  /** Entries of the other namespaces that were read. */
  readonly entriesElsewhere: readonly KubeObject[];
}

export type MeshCheck = Check<MeshFacts>;
export type NamespaceCheck = Check<NamespaceFacts>;

/** What is wrong with an object, and what to do. */
export function wrong(
  object: string,
  detail: string,
  { hint, severity }: { readonly hint?: string; readonly severity?: Severity } = {},
): Seen {
  return { ok: false, object, detail, ...(hint !== undefined && { hint }), ...(severity && { severity }) };
}
