// Writes docs/recovery.md from docs/recovery.jsonl: npx tsx scripts/recovery.ts [RESULTS]. The lines of RESULTS replace those of the
// same cases of the same variant.
import { readFileSync, writeFileSync } from 'node:fs';
import { casesOf } from '../test/recovery/cases.ts';
import { parseResults, recoveryPage } from '../test/recovery/page.ts';
import { VARIANT_NAMES, VARIANTS } from '../test/recovery/variants.ts';

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const read = (file: string | URL) => parseResults(readFileSync(file, 'utf8'));
const [given] = process.argv.slice(2);
const lines = [...read(docs('recovery.jsonl')), ...(given === undefined ? [] : read(given))];
const found = new Map(lines.map((line) => [`${line.variant}/${line.case}`, line]));
// The texts of a case may be better than those of its result.
const kept = VARIANT_NAMES.flatMap((variant) =>
  casesOf(VARIANTS[variant]).flatMap(({ name, what, remark }) => {
    const line = found.get(`${variant}/${name}`);
    return line === undefined ? [] : [{ ...line, what, ...(remark !== undefined && { remark }) }];
  }),
);
writeFileSync(docs('recovery.jsonl'), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
writeFileSync(docs('recovery.md'), recoveryPage(kept));
