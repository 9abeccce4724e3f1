// Writes docs/faults.md from docs/faults.jsonl: npx tsx scripts/faults.ts [RESULTS], which then are kept in its place first.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { faultsPage, parseResults } from '../test/faults/page.ts';

const kept = new URL('../docs/faults.jsonl', import.meta.url);
const [given] = process.argv.slice(2);
if (given !== undefined) copyFileSync(given, kept);
writeFileSync(new URL('../docs/faults.md', import.meta.url), faultsPage(parseResults(readFileSync(kept, 'utf8'))));
