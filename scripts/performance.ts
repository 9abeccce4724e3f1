// Writes docs/performance.md and docs/performance.svg from docs/performance.jsonl, docs/performance-again.jsonl and
// docs/performance-notes.md: npx tsx scripts/performance.ts [SAMPLES [AGAIN]], which then are kept in their place first.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { performanceChart } from '../test/bench/page/chart.ts';
import { performancePage } from '../test/bench/page/page.ts';
import { parseResults } from '../test/bench/record.ts';

const file = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const [kept, again] = [file('performance.jsonl'), file('performance-again.jsonl')];
const [given, second] = process.argv.slice(2);
if (given !== undefined) copyFileSync(given, kept);
if (second !== undefined) copyFileSync(second, again);
const results = parseResults(readFileSync(kept, 'utf8'));
const repeated = existsSync(again) ? parseResults(readFileSync(again, 'utf8')) : undefined;
const notes = readFileSync(file('performance-notes.md'), 'utf8');
writeFileSync(file('performance.md'), performancePage(results, notes, repeated));
writeFileSync(file('performance.svg'), performanceChart(results));
