import { meshProblems } from '../problems/mesh.ts';
import { collectAll } from './collect.ts';
import { isSubdomain } from './names.ts';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const KEY_FORM = '[prefix/]name, the name at most 63 letters, digits, "-", "_" and "."';
const VALUE_FORM = 'at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends, or nothing';

/** The key of a label or annotation, as Kubernetes accepts it. Throws `bad-label`. */
export function parseLabelKey(text: string): string {
  const slash = text.indexOf('/');
  const prefixed = slash < 0 || isSubdomain(text.slice(0, slash));
  if (prefixed && NAME.test(text.slice(slash + 1))) return text;
  throw meshProblems.badLabel({ text, wanted: 'a label key', form: KEY_FORM });
}

/** The value of a label, as Kubernetes accepts it. Throws `bad-label`. */
export function parseLabelValue(text: string): string {
  if (text === '' || NAME.test(text)) return text;
  throw meshProblems.badLabel({ text, wanted: 'a label value', form: VALUE_FORM });
}

/** Labels of an option, such as `app=db,tier=back`. Without `=` the value is empty, and a later key wins. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(collectAll(parts(texts), ([key, value]) => [parseLabelKey(key), parseLabelValue(value)]));
}

/** Annotations of an option: like labels, with any value. */
export function parseAnnotations(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(collectAll(parts(texts), ([key, value]) => [parseLabelKey(key), value]));
}

function parts(texts: readonly string[]): readonly (readonly [string, string])[] {
  const words = texts.flatMap((text) => text.split(',')).filter((word) => word.trim() !== '');
  return words.map((word) => {
    const equals = word.indexOf('=');
    return equals < 0
      ? ([word.trim(), ''] as const)
      : ([word.slice(0, equals).trim(), word.slice(equals + 1).trim()] as const);
  });
}
