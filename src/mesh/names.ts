import { meshProblems } from '../problems/mesh.ts';

/**
 * What a name is for. Kubernetes has three forms of names. A group's name must also fit into a label and an entry's
 * name.
 */
export type NameKind = keyof typeof KINDS;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_FROM_LETTER = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_FORM = 'at most 63 lower-case letters, digits and "-", with a letter or digit at both ends';
const SERVICE_FORM = 'at most 63 lower-case letters, digits and "-", beginning with a letter and not ending with "-"';
const SUBDOMAIN_FORM = 'at most 253 characters: parts of lower-case letters, digits and "-", joined by "."';

const KINDS = {
  service: { wanted: 'a Service name', form: SERVICE_FORM, pattern: LABEL_FROM_LETTER },
  namespace: { wanted: 'a namespace', form: LABEL_FORM, pattern: LABEL },
  serviceAccount: { wanted: 'a service account', form: SUBDOMAIN_FORM, pattern: undefined },
  group: { wanted: 'the name of a WorkloadGroup', form: LABEL_FORM, pattern: LABEL },
  revision: { wanted: 'a revision', form: LABEL_FORM, pattern: LABEL },
  label: { wanted: 'a name', form: LABEL_FORM, pattern: LABEL },
  subdomain: { wanted: 'a name', form: SUBDOMAIN_FORM, pattern: undefined },
} as const;

/**
 * A Kubernetes name (RFC 1123 label or subdomain; a Service name is an RFC 1035 label). A parsed name is safe in a
 * shell, YAML and a path. Throws `bad-name`.
 */
export function parseName(text: string, kind: NameKind = 'label'): string {
  const { wanted, form, pattern } = KINDS[kind];
  if (pattern ? pattern.test(text) : isSubdomain(text)) return text;
  throw meshProblems.badName({ text, wanted, form });
}

/** RFC 1123 subdomain: the name of most Kubernetes objects. */
export function isSubdomain(text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.split('.').every((part) => LABEL.test(part));
}
