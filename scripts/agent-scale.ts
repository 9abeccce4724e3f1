// Measures many agents against the API server and istiod of a lab: npx tsx scripts/agent-scale.ts [AGENTS]. Needs root. Writes
// .results/agent-scale.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { measureScale } from '../test/bench/agent/scale/scale.ts';
import { openLab } from '../test/lab/open.ts';

const [agents = '1000'] = process.argv.slice(2);
const began = performance.now();
const note = (line: string): void => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`);
const { lab, down } = await openLab(note);
try {
  const text = JSON.stringify(await measureScale(lab, Number(agents), note), null, 2);
  const folder = new URL('../.results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('agent-scale.json', folder), `${text}\n`);
  console.log(text);
} finally {
  await down();
}
