import type { ChurnSample } from './churn.ts';

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [760, 260, 48, 36] as const;
const MOST_MIB = 80;
const LINES = [
  { key: 'resident', title: 'resident', color: '#4a7ab5', target: 60 },
  { key: 'private', title: 'private and written', color: '#b5543a', target: 20 },
] as const;

/** A picture of the agent's memory over time, with a dashed line for each target. */
export function churnChart(samples: readonly ChurnSample[]): string {
  const last = samples.at(-1)?.minute ?? 1;
  const x = (minute: number): number => LEFT + (minute / last) * (WIDTH - LEFT - 16);
  const y = (mib: number): number => HEIGHT - BOTTOM - (mib / MOST_MIB) * (HEIGHT - BOTTOM - 16);
  const line = (mib: number, style: string): string =>
    `<line x1="${LEFT}" y1="${y(mib)}" x2="${WIDTH - 16}" y2="${y(mib)}" ${style}/>`;
  const parts = LINES.flatMap(({ key, title, color, target }) => [
    line(target, `stroke="${color}" stroke-dasharray="4 4"`),
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${samples.map((sample) => `${x(sample.minute).toFixed(1)},${y(sample[key]).toFixed(1)}`).join(' ')}"/>`,
    `<text x="${WIDTH - 20}" y="${y(samples.at(-1)?.[key] ?? 0) - 8}" text-anchor="end" fill="${color}">${title}</text>`,
  ]);
  const scale = [0, 20, 40, 60, 80].map(
    (mib) => `<text x="${LEFT - 8}" y="${y(mib) + 4}" text-anchor="end">${mib}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>Memory of the agent over ${last} minutes</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    line(0, 'stroke="#888"'),
    ...scale,
    ...parts,
    `<text x="${LEFT}" y="${HEIGHT - 10}">MiB over ${last} minutes; dashed: the targets</text>`,
    '</svg>',
    '',
  ].join('\n');
}
