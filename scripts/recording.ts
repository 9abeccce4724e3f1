// Records real commands in a terminal of the lab as an animated SVG: sudo npx tsx scripts/recording.ts docs/recording.svg
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '../test/lab/lab.ts';
import { framesOf, type Frame } from './recording/frames.ts';
import { svgOf } from './recording/svg.ts';

const SIZE = { columns: 110, rows: 24 };
/** How long a command line is shown before it runs, and its result afterwards. Seconds. */
const [TYPED, READ] = [1.2, 4];

const COMMANDS = ['up vm1 -n vm --service web:http:8080', 'status', 'down vm1 --verify --yes'];

const [out = 'docs/recording.svg'] = process.argv.slice(2);
const lab = await Lab.up((line) => console.error(line));
await lab.vm('vm1', '10.150.0.5', { suite: 'trixie', mysql: 'off' });
await lab.mustSsh('vm1', 'systemctl enable --now lab-http@8080');
// What an operator has in a file is not shown with each command.
const settings = join(lab.home, '.config/meshx');
mkdirSync(settings, { recursive: true });
writeFileSync(join(settings, 'config.yaml'), `package: ${lab.deb}\nistiod-address: 10.150.0.1\nagent: false\n`, {
  mode: 0o600,
});
const frames: Frame[] = [];
for (const line of COMMANDS) frames.push(...shifted(recorded(line), frames.at(-1)));
writeFileSync(
  out,
  svgOf(frames, SIZE, `A terminal that runs ${COMMANDS.map((line) => `meshx ${line}`).join(', then ')}`),
);
console.error(`${out}: ${frames.length} frames, ${(frames.at(-1)?.at ?? 0).toFixed(1)} s`);

/** The screens of one command, from its typing on. Throws if it fails. */
function recorded(line: string): readonly Frame[] {
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  const [text, timing] = [join(folder, 'text'), join(folder, 'timing')];
  const argv = lab.meshxArgv(line.split(' ')).map((word) => `'${word}'`);
  const sized = `stty cols ${SIZE.columns} rows ${SIZE.rows}; cd '${lab.home}'; ${argv.join(' ')}`;
  const { CI: _ci, NO_COLOR: _color, ...env } = process.env;
  const ran = spawnSync('script', ['-qefc', sized, '-O', text, '-T', timing], {
    env: { ...env, TERM: 'xterm' },
    stdio: 'ignore',
  });
  if (ran.status !== 0) throw new Error(`meshx ${line}: exit code ${ran.status}\n${readFileSync(text, 'utf8')}`);
  const prompt = `$ meshx ${line}`;
  const played = framesOf(readFileSync(text), readFileSync(timing, 'utf8'), { before: `${prompt}\n`, rows: SIZE.rows });
  return [{ at: 0, lines: [prompt] }, ...played.map((frame) => ({ ...frame, at: frame.at + TYPED }))];
}

/** Begins after the end of what is there. */
function shifted(next: readonly Frame[], last: Frame | undefined): readonly Frame[] {
  const start = last ? last.at + READ : 0;
  return next.map((frame) => ({ ...frame, at: frame.at + start }));
}
