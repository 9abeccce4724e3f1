import type { Results } from '../record.ts';
import { ratio } from './format.ts';
import { comparePairs, type Compared } from './pairs.ts';

const ROW = 30;
const TOP = 58;
const LABELS = 510;
const WIDTH = 1110;
/** Pixels from zero to a target. */
const TARGET = 300;
/** Bars end here, whatever the figure is. */
const LONGEST = 1.6;

/**
 * docs/performance.svg: for each pair with a target a bar of its ratio, drawn as a share of the target, so that one line is the
 * target of all; a mark on each row is the stretch target. Colors follow the reader's light or dark page. Pure.
 */
export function performanceChart(results: Results): string {
  const shown = comparePairs(results).filter(({ pair, ratio: measured }) => pair.target && measured !== undefined);
  const height = TOP + shown.length * ROW + 20;
  const line = LABELS + TARGET;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Ratios of meshx to its alternatives against their targets">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="10" y="22">meshx's time by the other's, as a share of the target (shorter is better)</text>`,
    `<text class="small" x="${line}" y="${TOP - 12}" text-anchor="middle">target</text>`,
    ...shown.flatMap((compared, index) => row(compared, TOP + index * ROW)),
    `<line class="target" x1="${line}" x2="${line}" y1="${TOP - 6}" y2="${height - 14}"/>`,
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = [
  'text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:15px}.small{font-size:12px;fill:#59636e}',
  '.good{fill:#2da44e}.fair{fill:#8250df}.bad{fill:#cf222e}.open{fill:#9a6700}',
  '.target{stroke:#1f2328;stroke-width:2}.hoped{stroke:#59636e;stroke-width:2;stroke-dasharray:3 2}',
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.target{stroke:#e6edf3}.hoped{stroke:#9198a1}',
  '.good{fill:#3fb950}.fair{fill:#a371f7}.bad{fill:#f85149}.open{fill:#d29922}}',
].join('');

const CLASSES = {
  stretch: 'good',
  reached: 'fair',
  missed: 'bad',
  unclear: 'open',
  'too few': 'open',
  'not measured': 'open',
} as const;

function row({ pair, ratio: measured = 0, verdict = 'not measured' }: Compared, y: number): readonly string[] {
  const { reach, hoped } = pair.target ?? { reach: 1, hoped: 1 };
  const share = Math.min(measured / reach, LONGEST);
  const [width, mark] = [Math.round(share * TARGET), LABELS + Math.round((hoped / reach) * TARGET)];
  const words = `${ratio(measured)} (target ${ratio(reach)}, hoped ${ratio(hoped)}): ${verdict}`;
  return [
    `<text x="${LABELS - 10}" y="${y + 13}" text-anchor="end">${escaped(`${pair.title} | ${shortened(pair.alternative)}`)}</text>`,
    `<rect class="${CLASSES[verdict]}" x="${LABELS}" y="${y}" width="${Math.max(width, 1)}" height="18" rx="2"><title>${escaped(words)}</title></rect>`,
    `<line class="hoped" x1="${mark}" x2="${mark}" y1="${y - 3}" y2="${y + 21}"/>`,
    `<text class="small" x="${LABELS + Math.max(width, TARGET) + 10}" y="${y + 13}">${escaped(words.slice(0, words.indexOf('(')))}${escaped(verdict)}</text>`,
  ];
}

function shortened(text: string): string {
  return (text.split(/[,:(]/)[0] ?? text).trim();
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
