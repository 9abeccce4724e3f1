/** What a terminal shows from a moment on. Seconds. */
export interface Frame {
  readonly at: number;
  readonly lines: readonly string[];
}

interface Playing {
  /** Text that is on the screen before. */
  readonly before: string;
  readonly rows: number;
}

/** Changes that follow each other within this time are one frame, and no pause is longer than the other. Seconds. */
const [TOGETHER, LONGEST] = [0.1, 1.5];

/** The frames of a recording of script(1): its text, and lines of seconds and bytes. */
export function framesOf(text: Uint8Array, timing: string, { before, rows }: Playing): readonly Frame[] {
  const decoder = new TextDecoder();
  // The first line is of script(1) itself.
  let place = text.indexOf(10) + 1;
  let [at, shown] = [0, -1];
  let written = before;
  const frames: Frame[] = [];
  for (const [seconds = 0, bytes = 0] of timing
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))) {
    at += Math.min(seconds, LONGEST);
    written += decoder.decode(text.subarray(place, place + bytes), { stream: true });
    place += bytes;
    if (at - shown < TOGETHER) frames.pop();
    else shown = at;
    frames.push({ at: shown, lines: screenOf(written, rows) });
  }
  return frames;
}

/** The last lines of a screen after this text: lines, cursor up, begin of the line, delete to the end of the screen. */
function screenOf(text: string, rows: number): readonly string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [part] of text.matchAll(/\u001b\[\??[\d;]*[a-zA-Z]|\r|\n|[^\u001b\r\n]+/g)) {
    const moved = /^\u001b\[(\d+)A$/.exec(part);
    if (moved) row = Math.max(0, row - Number(moved[1]));
    else if (part === '\n') lines[(row += 1)] ??= '';
    else if (part === '\u001b[J') lines.splice(row, lines.length, '');
    else if (!/^[\u001b\r]/.test(part)) lines[row] = part;
  }
  const whole = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return whole.slice(-rows);
}
