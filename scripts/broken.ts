// Writes the last part of docs/checks.md from docs/broken.jsonl: npx tsx scripts/broken.ts [RESULTS]. The lines of RESULTS replace those of
// the same cases of the same variant.
import { readFileSync, writeFileSync } from 'node:fs';
import { CASES } from '../test/broken/cases.ts';
import { parseResults, withResults } from '../test/broken/page.ts';
import { VARIANT_NAMES } from '../test/broken/variants.ts';

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const read = (file: string | URL) => parseResults(readFileSync(file, 'utf8'));
const [given] = process.argv.slice(2);
const lines = [...read(docs('broken.jsonl')), ...(given === undefined ? [] : read(given))];
const found = new Map(lines.map((line) => [`${line.variant}/${line.case}`, line]));
// The texts of a case may be better than those of its result.
const kept = VARIANT_NAMES.flatMap((variant) =>
  CASES.flatMap(({ name, what }) => {
    const line = found.get(`${variant}/${name}`);
    return line === undefined ? [] : [{ ...line, what }];
  }),
);
writeFileSync(docs('broken.jsonl'), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
const page = readFileSync(docs('checks.md'), 'utf8');
writeFileSync(docs('checks.md'), withResults(page, kept));
