import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { readJson, tryJsonStream } from '../../src/documents/json.ts';
import { decodeText } from '../../src/documents/text.ts';
import { Unreadable } from '../../src/documents/unreadable.ts';
import { readDocuments, readYaml } from '../../src/documents/yaml.ts';
import { formatYaml } from '../../src/mesh/yaml-text.ts';

/** Texts, and the JSON that sigs.k8s.io/yaml v1.4.0 makes of each; null where it refuses the text. */
const GO_YAML = readJson(readFileSync(new URL('go-yaml.json', import.meta.url), 'utf8')) as readonly (readonly [
  string,
  string | null,
])[];

test.each(GO_YAML)('%j is read as go-yaml reads it', (text, json) => {
  if (json === null) expect(() => readYaml(text)).toThrow(Unreadable);
  else expect(readYaml(text) ?? null).toEqual(readJson(json));
});

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('on', 'y', '<<', '0123', '1_0', '__proto__', ''));
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, key, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(key, tie('any'), { maxKeys: 4 }),
})).any;
const plain = (given: unknown): unknown => readJson(JSON.stringify(given));
const printable = (given: unknown): boolean =>
  !/\\u00[0189]|\\u007f|[\u007f-\u009f\u2028\u2029\ufeff]/i.test(JSON.stringify(given));

test('what meshx writes is read back as it was', () => {
  fc.assert(
    fc.property(value.filter(printable), (given) => expect(readYaml(formatYaml(given)) ?? null).toEqual(plain(given))),
  );
});

test('JSON means the same whether it is read as JSON, as YAML, or in a stream of values', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(key, value, { maxKeys: 3 }), { minLength: 1, maxLength: 3 }), (given) => {
      const stream = given.map((each) => JSON.stringify(each)).join('\n');
      expect(tryJsonStream(stream)?.map((each) => each.value)).toEqual(given.map(plain));
      expect(
        readDocuments(given.map((each) => JSON.stringify(each)).join('\n---\n')).map((each) => each.value),
      ).toEqual(given.map(plain));
    }),
  );
});

test('a text is the same in UTF-8 and in UTF-16 of either order, with and without a mark', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((each) => !/[\0\ufeff]/.test(each));
  fc.assert(
    fc.property(text, (given) => {
      const utf16 = Buffer.from(`\ufeff${given}`, 'utf16le');
      for (const bytes of [Buffer.from(given), Buffer.from(`\ufeff${given}`), utf16, Buffer.from(utf16).swap16()])
        expect(decodeText(bytes)).toBe(given);
    }),
  );
});

test('no bytes and no text throw anything but Unreadable', () => {
  const onlyUnreadable = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(Unreadable);
    }
  };
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'ab:-?&*!<>[]{},\'"|#%@` \n\t0_.') }),
      (bytes, text) => {
        onlyUnreadable(() => decodeText(bytes));
        onlyUnreadable(() => readYaml(text));
        readDocuments(text);
      },
    ),
  );
});

test.each([
  ['UTF-16 without a mark', Buffer.from('a: 1', 'utf16le'), /NUL/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /NUL/],
  ['Latin-1', Buffer.from([0x61, 0xe9, 0x62]), /not UTF-8/],
  ['half of a UTF-16 unit', Buffer.from([0xff, 0xfe, 0x61]), /not UTF-16LE/],
])('%s is refused, never read as another text', (_, bytes, reason) => {
  expect(() => decodeText(bytes)).toThrow(reason);
});

test('an error repeats no part of a text, which may hold a secret', () => {
  expect(() => readJson('{"token": hunter2}')).toThrow(/^it is not JSON$/);
});

test('a document that is broken does not hide the others of its file', () => {
  const [first, second, third] = readDocuments('a: 1\n---\nb: [\n---\nc: 3\n');
  expect([first?.value, second?.value instanceof Unreadable, third?.value]).toEqual([{ a: 1 }, true, { c: 3 }]);
});

test.each(['--- # comment', '--- ', '---\t', '...\n---'])('%j parts two documents', (line) => {
  expect(readDocuments(`a: 1\n${line}\nb: 2\n`).map((each) => each.value)).toEqual([{ a: 1 }, { b: 2 }]);
});

test('many aliases are accepted, aliases that multiply are refused', () => {
  const many = { base: { a: 1 }, uses: Array.from({ length: 2000 }, () => '*') };
  const text = stringify(many).replace('base:', 'base: &b').replaceAll('"*"', '*b');
  expect((readYaml(text) as { uses: unknown[] }).uses).toHaveLength(2000);
  const level = (n: number): string =>
    `l${n}: &l${n} [${Array(9)
      .fill(`*l${n - 1}`)
      .join()}]`;
  const bomb = ['l0: &l0 [x]', ...Array.from({ length: 9 }, (_, n) => level(n + 1))].join('\n');
  expect(() => readYaml(bomb)).toThrow('its aliases multiply');
});
