import type { Results, Sample } from '../record.ts';
import { table } from './format.ts';

/** What did not end well, by side: hangs that a limit ended, and failures. Their times are in no median. */
export function endedSection({ samples }: Results): readonly string[] {
  const bad = samples.filter(({ outcome }) => outcome !== 'ok');
  if (bad.length === 0) return ['Nothing: every run ended by itself, and well.', ''];
  const keys = [...new Set(bad.map(({ series, side }) => `${series}\t${side}`))];
  const rows = keys.map((key) => {
    const [series = '', side = ''] = key.split('\t');
    const all = samples.filter((each) => each.series === series && each.side === side);
    const count = (outcome: Sample['outcome']): string => String(all.filter((each) => each.outcome === outcome).length);
    const last = all.findLast(({ outcome }) => outcome !== 'ok');
    return [series, side, String(all.length), count('limit'), count('failed'), lastWords(last)];
  });
  return table(['series', 'side', 'runs', 'ended by the limit', 'failed', 'its last words'], rows);
}

/** The end of what it said, in one line; nothing that could be taken for Markdown. */
function lastWords(sample: Sample | undefined): string {
  const lines = (sample?.detail ?? '').split('\n').map((line) => line.trim());
  const said = lines.filter((line) => /\w/.test(line)).at(-1) ?? '';
  return said === '' ? '' : `\`${said.replaceAll('`', "'").slice(-160)}\``;
}
