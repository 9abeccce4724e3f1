// Writes the last part of docs/platforms.md from docs/platforms.jsonl: npx tsx scripts/platforms.ts [RESULTS]. The lines of RESULTS replace
// those of the same cases on the same suite.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CASES } from '../test/platforms/cases.ts';
import { parseResults, withResults } from '../test/platforms/page.ts';

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const read = (file: string | URL) => (existsSync(file) ? parseResults(readFileSync(file, 'utf8')) : []);
const [given] = process.argv.slice(2);
const lines = [...read(docs('platforms.jsonl')), ...(given === undefined ? [] : read(given))];
const found = new Map(lines.map((line) => [`${line.suite}/${line.case}`, line]));
const kept = (['bookworm', 'trixie'] as const).flatMap((suite) =>
  CASES.flatMap(({ name, what }) => {
    const line = found.get(`${suite}/${name}`);
    return line === undefined ? [] : [{ ...line, what }];
  }),
);
writeFileSync(docs('platforms.jsonl'), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
writeFileSync(docs('platforms.md'), withResults(readFileSync(docs('platforms.md'), 'utf8'), kept));
