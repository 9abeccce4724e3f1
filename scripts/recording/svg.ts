import type { Frame } from './frames.ts';

/** Of a character and of a line, in pixels. */
const [WIDE, HIGH, EDGE] = [7.8, 18, 14];
/** From the top of a line to the feet of its letters. */
const BASE = 13;
/** How long the last frame stays before all starts again. Seconds. */
const REST = 6;

/** An SVG that shows the frames one after the other, forever; where motion is not wanted, the last one. */
export function svgOf(
  frames: readonly Frame[],
  size: { readonly columns: number; readonly rows: number },
  title: string,
): string {
  const [width, height] = [Math.ceil(size.columns * WIDE + 2 * EDGE), size.rows * HIGH + 2 * EDGE];
  const length = (frames.at(-1)?.at ?? 0) + REST;
  const texts = [...new Set(frames.flatMap(({ lines }) => lines).map((line) => line.slice(0, size.columns)))].filter(
    Boolean,
  );
  const symbols = texts.map((text, index) => `<text id="l${index}" class="${colorOf(text)}">${escaped(text)}</text>`);
  const groups = frames.map(({ lines }, index) => {
    const uses = lines.flatMap((line, row) => {
      const place = texts.indexOf(line.slice(0, size.columns));
      return place < 0 ? [] : [`<use href="#l${place}" y="${row * HIGH + BASE}"/>`];
    });
    return `<g transform="translate(0 ${index * height})">${uses.join('')}</g>`;
  });
  const steps = frames.map(
    ({ at }, index) => `${((at / length) * 100).toFixed(3)}%{transform:translateY(-${index * height}px)}`,
  );
  const last = (frames.length - 1) * height;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">
<title id="t">${escaped(title)}</title>
<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre;fill:#d1d9e0}.p{fill:#fff;font-weight:600}.g{fill:#56d364}.r{fill:#ff7b72}.d{fill:#9198a1}
#f{animation:f ${length.toFixed(1)}s step-end infinite}@media(prefers-reduced-motion){#f{animation:none;transform:translateY(-${last}px)}}@keyframes f{${steps.join('')}}</style>
<defs>${symbols.join('\n')}</defs>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<svg x="${EDGE}" y="${EDGE}" width="${width - 2 * EDGE}" height="${height - 2 * EDGE}" viewBox="0 0 ${width - 2 * EDGE} ${height - 2 * EDGE}" overflow="hidden">
<g id="f">${groups.join('\n')}</g></svg>
</svg>
`;
}

function colorOf(text: string): string {
  if (text.startsWith('$ ')) return 'p';
  if (/^(\+|ok|\S+: (done|left))/.test(text)) return 'g';
  if (/^(x |FAILED|meshx:)/.test(text)) return 'r';
  return /^ {4}/.test(text) ? 'd' : 'n';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
