// Measures the agent while its services come and go: npx tsx scripts/agent-churn.ts EXECUTABLE [MINUTES]. Writes docs/agent-churn.jsonl,
// a sample each minute, and docs/agent-churn.svg. Without an executable it only draws the samples that are there.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { churn, type ChurnSample } from '../test/bench/agent/churn.ts';
import { churnChart } from '../test/bench/agent/churn-chart.ts';

const file = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const [executable, minutes = '60'] = process.argv.slice(2);

if (executable !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-churn-'));
  writeFileSync(file('agent-churn.jsonl'), '');
  try {
    await churn(executable, folder, Number(minutes), (sample) => {
      appendFileSync(file('agent-churn.jsonl'), `${JSON.stringify(sample)}\n`);
      console.log(JSON.stringify(sample));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const lines = readFileSync(file('agent-churn.jsonl'), 'utf8').trim().split('\n');
// as: written by this program.
const samples = lines.map((line) => JSON.parse(line) as ChurnSample);
writeFileSync(file('agent-churn.svg'), churnChart(samples));
