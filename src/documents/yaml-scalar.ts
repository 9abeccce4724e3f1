import { Unreadable } from './unreadable.ts';

/**
 * How go-yaml v2 reads unquoted words. kubectl, istiod and all users of sigs.k8s.io/yaml rely on it: words and octal
 * numbers of YAML 1.1, no sexagesimal numbers, timestamps as text.
 */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const NOT_FINITE = /^(?:\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF))$/;
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const WHOLE = [
  { form: /^[-+]?0[xX][0-9a-fA-F]+$/, prefix: '0x' },
  { form: /^[-+]?0[bB][01]+$/, prefix: '0b' },
  { form: /^[-+]?0[oO]?[0-7]+$/, prefix: '0o' },
] as const;

/** The value of an unquoted scalar. Throws `Unreadable` for numbers that JSON does not have. */
export function plainScalar(text: string, line: number): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (NOT_FINITE.test(text)) throw new Unreadable(`${text} is no number that JSON can hold`, line);
  return /^[-+.0-9]/.test(text) ? (number(text) ?? text) : text;
}

function number(text: string): number | undefined {
  const digits = text.replaceAll('_', '');
  const whole = WHOLE.find(({ form }) => form.test(digits));
  const value = whole ? based(digits, whole.prefix) : DECIMAL.test(digits) ? Number(digits) : Number.NaN;
  // JSON has no negative zero.
  return Number.isFinite(value) ? value + 0 : undefined;
}

function based(digits: string, prefix: string): number {
  const plain = digits.replace(/^[-+]?0[xXbBoO]?/, '');
  return (digits.startsWith('-') ? -1 : 1) * Number(prefix + plain);
}

const CORE = 'tag:yaml.org,2002:';

/** The value of a scalar with a tag. Under a tag that is not YAML's own it is text. */
export function taggedScalar(tag: string, text: string, line: number): string | number | boolean | null {
  const name = tag.startsWith(CORE) ? tag.slice(CORE.length) : tag;
  if (name === 'binary') return Buffer.from(text, 'base64').toString('utf8');
  const fits = TAGGED[name];
  if (fits === undefined) return text;
  const value = plainScalar(text, line);
  if (!fits(value)) throw new Unreadable(`a value is not what its tag !!${name} says`, line);
  return value;
}

const TAGGED: Readonly<Record<string, (value: unknown) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number',
  null: (value) => value === null,
};
