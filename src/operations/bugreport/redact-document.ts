import type { Redactor } from './redact.ts';
import { isNoSecret, isSecretHeader, isSecretName } from './secret-names.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** Values of Envoy's DataSource that are the data itself. */
const INLINE: ReadonlySet<string> = new Set(['inline_bytes', 'inline_string']);

/** A copy of the last applied manifest: it repeats the object, and holds what a later change removed from it. */
const REPEATED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A JSON value without secrets: by the name of a member, by the name in a pair `{name, value}` (environment of a container, header of a
 * route), and by what the text looks like. The environment of containers loses all its values.
 */
export function redactDocument(value: unknown, redactor: Redactor): unknown {
  return redacted(value, { redactor, isSecret: false });
}

interface Place {
  readonly redactor: Redactor;
  /** Below the name of a secret. */
  readonly isSecret: boolean;
}

function redacted(value: unknown, place: Place): unknown {
  if (typeof value === 'string') return place.redactor.text(value);
  if (Array.isArray(value)) return value.map((each) => redacted(each, place));
  if (typeof value !== 'object' || value === null) return value;
  // as: an object of a JSON value.
  return redactedMembers(value as Mapping, place);
}

function redactedMembers(object: Mapping, place: Place): Mapping {
  const { redactor } = place;
  const pair = object['name'] ?? object['key'] ?? object['header_name'];
  const hidden = typeof pair === 'string' && (isSecretHeader(pair) || isSecretName(pair));
  const members = Object.entries(object).filter(([name]) => name !== REPEATED);
  return Object.fromEntries(
    members.map(([name, value]) => {
      if (name === 'env' && Array.isArray(value)) return [name, value.map((each) => withoutValue(each, redactor))];
      if (isHidden(name, value, { hidden, place })) return [name, redactor.mark('named secret')];
      const isSecret = place.isSecret || isSecretName(name);
      return [name, redacted(value, { redactor, isSecret: isSecret && !isPublic(name) })];
    }),
  );
}

function isHidden(name: string, value: unknown, about: { readonly hidden: boolean; readonly place: Place }): boolean {
  if (typeof value !== 'string') return typeof value === 'number' && /passw|pwd/i.test(name) && isSecretName(name);
  if (about.place.isSecret && INLINE.has(name)) return true;
  if (about.hidden && /value|exact|prefix|suffix|string|regex|contains/i.test(name)) return true;
  if (isSecretHeader(name)) return value !== '';
  return isSecretName(name) && !isNoSecret(value, name);
}

/** Certificates are shown to everyone who connects. */
function isPublic(name: string): boolean {
  return /^(?:certificate_chain|trusted_ca|validation_context)$/.test(name);
}

function withoutValue(variable: unknown, redactor: Redactor): unknown {
  if (typeof variable !== 'object' || variable === null || !('value' in variable)) return variable;
  const { value, ...rest } = variable;
  return value === '' ? variable : { ...rest, value: redactor.mark('environment of a container') };
}
