// Writes docs/performance.md and docs/performance.svg from docs/performance.jsonl and docs/performance-notes.md:
// npx tsx scripts/performance.ts [SAMPLES], which then are kept in its place first.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { performanceChart } from '../test/bench/page/chart.ts';
import { performancePage } from '../test/bench/page/page.ts';
import { parseResults } from '../test/bench/record.ts';

const file = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const kept = file('performance.jsonl');
const [given] = process.argv.slice(2);
if (given !== undefined) copyFileSync(given, kept);
const results = parseResults(readFileSync(kept, 'utf8'));
writeFileSync(file('performance.md'), performancePage(results, readFileSync(file('performance-notes.md'), 'utf8')));
writeFileSync(file('performance.svg'), performanceChart(results));
