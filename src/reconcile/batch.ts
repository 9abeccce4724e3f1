import type { Command, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { callLine, callsText, textLine } from './calls.ts';
import { CREATE } from './kinds/directory.ts';
import { WRITE as TEXT_WRITE } from './kinds/edit.ts';
import { OWN, WRITE } from './kinds/file.ts';
import type { Change, PlannedScript } from './kind.ts';
import { shellFile } from '../text-files.ts';

const CHANGES = shellFile(new URL('./changes.root.sh', import.meta.url));

/** Names of the scripts in changes.root.sh. */
const TOGETHER: ReadonlyMap<string, string> = new Map(
  [CREATE, WRITE, OWN, TEXT_WRITE].map(({ name, text }) => [name, text]),
);

/** Scripts that read all their input, or fail. */
const WITH_TEXT: readonly string[] = [WRITE.name, TEXT_WRITE.name];

/** How many changes may share a command, so its time limit is enough. */
export const MOST_TOGETHER = 200;
/** Milliseconds for all of them. */
const LIMIT_MS = 120_000;

/**
 * Whether a change may share a command: it is small, has a script in changes.root.sh, and no secret. A secret has a command of its own,
 * whose stdin no shell stores.
 */
export function isSmall({ scripts }: Change): boolean {
  return scripts.every(
    ({ script, source, timeoutMs }) =>
      source === undefined && timeoutMs === undefined && TOGETHER.get(script.name) === script.text,
  );
}

/** One command that makes all changes in order, and stops at the first failure. */
export function batchCommand(changes: readonly Change[]): Command & { readonly asRoot: true } {
  const lines = changes.flatMap(({ scripts }) => scripts.flatMap(linesOf));
  return {
    ...scriptCommand({ ...CHANGES, args: [] }),
    stdin: callsText(lines),
    timeoutMs: LIMIT_MS,
  };
}

function linesOf({ script: { name, args }, stdin = '' }: PlannedScript): readonly string[] {
  const change = name.replaceAll('-', '_');
  const line = args.length > 0 ? `${change} ${callLine(...args)}` : change;
  return WITH_TEXT.includes(name) || stdin !== '' ? [textLine(stdin), line] : [line];
}

/** How many changes are complete, by the output of the machine. */
export function doneOf(changes: readonly Change[], { stdout }: Output): number {
  let scripts = stdout.split('\n').filter((line) => line === 'done').length;
  const whole = changes.findIndex((change) => (scripts -= change.scripts.length) < 0);
  return whole < 0 ? changes.length : whole;
}
