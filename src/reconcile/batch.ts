import type { Command, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { callLine, callsText, textLine } from './calls.ts';
import { CREATE } from './kinds/directory.ts';
import { WRITE as TEXT_WRITE } from './kinds/edit.ts';
import { SWITCH } from './kinds/executable.ts';
import { OWN, WRITE } from './kinds/file.ts';
import { RELOAD_UNITS, START } from './kinds/unit.ts';
import type { Change, PlannedScript } from './kind.ts';
import { shellFile } from '../text-files.ts';
import * as undo from './undo/undo-scripts.ts';

const CHANGES = shellFile(new URL('./changes.root.sh', import.meta.url));
const UNDO_CHANGES = shellFile(new URL('./undo/undo-changes.root.sh', import.meta.url));
const STARTS = shellFile(new URL('./unit-starts.root.sh', import.meta.url));

/** Names of the scripts in changes.root.sh. */
const TOGETHER: ReadonlyMap<string, string> = new Map(
  [CREATE, WRITE, OWN, TEXT_WRITE, SWITCH].map(({ name, text }) => [name, text]),
);

/** Names of the scripts in undo-changes.root.sh. */
const BACK: ReadonlyMap<string, string> = new Map(
  [
    ...[undo.FILE_BACK, undo.FILE_REMOVE, undo.DIRECTORY_REMOVE, undo.TREE_REMOVE],
    ...[undo.OWNER_BACK, undo.DIRECTORY_BACK, undo.LINK_BACK],
  ].map(({ name, text }) => [name, text]),
);

/** Scripts that read all their input, or fail. */
const WITH_TEXT: readonly string[] = [WRITE.name, TEXT_WRITE.name];

/** How many changes may share a command, so its time limit is enough. */
export const MOST_TOGETHER = 200;
/** Milliseconds for all of them. */
const LIMIT_MS = 120_000;

/** A command for several changes: `files` and `back` (of an undo) make them one after the other, `starts` starts units together. */
export type Company = 'files' | 'back' | 'starts';

/**
 * Which changes may share a command with this one; undefined for none. Files are small, have a script in changes.root.sh, and no
 * secret: a secret has a command of its own, whose stdin no shell stores. A restart has one, too.
 */
export function companyOf({ scripts }: Change): Company | undefined {
  if (scripts.every((planned) => isSmall(planned, TOGETHER))) return 'files';
  if (scripts.every((planned) => isSmall(planned, BACK))) return 'back';
  return scripts.every(isStart) ? 'starts' : undefined;
}

function isSmall({ script, source, timeoutMs }: PlannedScript, those: ReadonlyMap<string, string>): boolean {
  return source === undefined && timeoutMs === undefined && those.get(script.name) === script.text;
}

function isStart({ script: { name, args } }: PlannedScript): boolean {
  return name === RELOAD_UNITS.name || (name === START.name && args[0] === 'start');
}

/** One command that makes all changes in order, which are of one company, and stops at the first failure. */
export function batchCommand(changes: readonly Change[]): Command & { readonly asRoot: true } {
  const scripts = changes.flatMap((change) => change.scripts);
  const [first] = scripts;
  const made = first && BACK.has(first.script.name) ? UNDO_CHANGES : CHANGES;
  const script = scripts.some(isStart) ? { ...STARTS, args: [leastSeconds(scripts)] } : { ...made, args: [] };
  return {
    ...scriptCommand(script),
    stdin: callsText(scripts.flatMap(linesOf)),
    timeoutMs: Math.max(LIMIT_MS, ...scripts.map(({ timeoutMs = 0 }) => timeoutMs)),
  };
}

/** How long the unit may take that has the least time. */
function leastSeconds(scripts: readonly PlannedScript[]): string {
  const limits = scripts.flatMap(({ script: { name, args } }) => (name === START.name ? [Number(args[2])] : []));
  return String(Math.min(...limits));
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
