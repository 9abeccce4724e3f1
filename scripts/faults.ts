// Writes docs/faults.md from docs/faults.jsonl and docs/faults-fixed.jsonl: npx tsx scripts/faults.ts [RESULTS]; RESULTS then
// replaces the first one.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type FixedResult, faultsPage, parseResults } from '../test/faults/page.ts';

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const [given] = process.argv.slice(2);
if (given !== undefined) copyFileSync(given, docs('faults.jsonl'));
const kept = parseResults(readFileSync(docs('faults.jsonl'), 'utf8'));
const fixed = parseResults<FixedResult>(readFileSync(docs('faults-fixed.jsonl'), 'utf8'));
writeFileSync(docs('faults.md'), faultsPage(kept, fixed));
