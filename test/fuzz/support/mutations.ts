import * as fc from 'fast-check';
import { anyCharacter } from '../../support/any-character.ts';

/** What breaks readers: ends of lines and texts, quotes, what a shell would run, names that objects have of their own, long numbers. */
const TOKENS: readonly string[] = [
  ...['\n', '\r\n', '\n\n', '\0', '\t', ' ', '\u2028', '\ufeff', '\ufffd', '\ud800', '\x1b[31m', 'é', '日本', '\u202e'],
  ...[
    "'",
    '"',
    '\\',
    '`',
    '$(touch /tmp/x)',
    '`id`',
    '${HOME}',
    ';',
    '|',
    '&&',
    '>',
    '<',
    '*',
    '?',
    '!',
    '#',
    '%',
    '~',
  ],
  ...[
    '=',
    ':',
    ',',
    '/',
    '//',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '-',
    '--',
    '.',
    '..',
    '@',
    '^',
    '$&',
    '$1',
    '$$',
    '%n',
    '%s',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'NaN',
    'true',
    '-1',
    '0',
    '00',
    '1e999',
  ],
  ...[
    '99999999999999999999',
    '4294967296',
    '65536',
    '65535',
    '0x10',
    '1.5',
    '::',
    '::1',
    '0.0.0.0/0',
    '256.1.1.1',
    '*:*',
  ],
  ...[
    '&a [*a,*a]',
    '<<: *a',
    '!!js/function',
    '---',
    '...',
    '- ',
    '? ',
    '|-',
    '@revoked',
    '@cert-authority',
    '|1|',
    'Match',
    'Include',
  ],
];

interface Change {
  readonly what: 'insert' | 'delete' | 'repeat' | 'swap' | 'cut' | 'flip' | 'splice';
  /** Both from 0 to 1: where in the text. */
  readonly from: number;
  readonly to: number;
  readonly token: string;
  readonly times: number;
  readonly other: string;
}

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** A realistic text with some things done to it; sometimes none. */
export function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const change: fc.Arbitrary<Change> = fc.record({
    what: fc.constantFrom('insert', 'insert', 'delete', 'repeat', 'swap', 'cut', 'flip', 'splice'),
    from: place,
    to: place,
    token: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...TOKENS) },
      { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) },
    ),
    times: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 1, max: 5 }) },
      { weight: 1, arbitrary: fc.constant(3000) },
    ),
    other: fc.constantFrom(...samples),
  });
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 5 }))
    .map(([sample, changes]) => changes.reduce(changed, sample).slice(0, 200_000));
}

function changed(text: string, { what, from, to, token, times, other }: Change): string {
  const [low, high] = [Math.min(from, to), Math.max(from, to)].map((part) => Math.floor(part * text.length)) as [
    number,
    number,
  ];
  const [before, inside, behind] = [text.slice(0, low), text.slice(low, high), text.slice(high)];
  switch (what) {
    case 'insert':
      return before + token.repeat(times) + inside + behind;
    case 'delete':
      return before + behind;
    case 'repeat':
      return before + inside.slice(0, 200).repeat(times) + inside + behind;
    case 'swap':
      return behind + inside + before;
    case 'cut':
      return before;
    case 'flip':
      return before + String.fromCharCode((text.charCodeAt(low) || 0) ^ (1 << (times % 8))) + text.slice(low + 1);
    case 'splice':
      return before + other.slice(Math.floor(to * other.length));
  }
}

/** JSON with some of its values replaced by values of other kinds: what an API server, or something in between, may answer. */
export function mutatedJson(samples: readonly unknown[]): fc.Arbitrary<unknown> {
  const other = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', '__proto__', '\0', [], {}, [null], [[]], { '': '' }),
    fc.constantFrom(...TOKENS),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const change = fc.record({ at: fc.nat(), other, what: fc.constantFrom('replace', 'remove', 'rename', 'double') });
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 4 }))
    .map(([sample, changes]) => changes.reduce((value, each) => altered(value, each), structuredClone(sample)));
}

interface JsonChange {
  readonly at: number;
  readonly other: unknown;
  readonly what: string;
}

/** One value of the tree, chosen by its number, becomes another one. */
function altered(root: unknown, { at, other: given, what }: JsonChange): unknown {
  const other = structuredClone(given);
  const places: [object: Record<string, unknown>, key: string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    // as: lists and mappings alike have values under keys.
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      places.push([object, key]);
      walk(object[key]);
    }
  };
  walk(root);
  const [object, key] = places[at % Math.max(1, places.length)] ?? [];
  if (!object || key === undefined) return other;
  // A hole in a list is nothing that JSON can say.
  if (what === 'remove' && Array.isArray(object)) object.splice(Number(key), 1);
  else if (what === 'remove') delete object[key];
  else if (what === 'rename' && !Array.isArray(object))
    define(object, typeof other === 'string' ? other : `${key}x`, object[key]);
  else if (what === 'double' && Array.isArray(object[key]))
    object[key] = [...(object[key] as unknown[]), ...(object[key] as unknown[])];
  else object[key] = other;
  return root;
}

/** As JSON.parse does: `__proto__` is a key as any other. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
