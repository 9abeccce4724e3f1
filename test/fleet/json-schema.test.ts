import { readFileSync } from 'node:fs';
import { fleetJsonSchema } from '../../src/fleet/json-schema.ts';
import { OptionsSchema } from '../../src/fleet/schema.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the JSON Schema in the package is that of the reader; npx tsx scripts/fleet-schema.ts writes it', () => {
  expect(read('schema/fleet.schema.json')).toBe(fleetJsonSchema());
});

test('the reference names every option of the file', () => {
  const page = read('docs/reference/fleet.md');
  expect(Object.keys(OptionsSchema.shape).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
