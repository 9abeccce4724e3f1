import type { Command, Output } from '../host/host.ts';
import { scriptDigest } from '../host/root-program.ts';
import { scriptCommand } from '../host/shell.ts';
import { BATCH, TOGETHER, WITH_TEXT } from './batch-shell.ts';
import { callLine, callsText, textLine } from './calls.ts';
import type { Change, PlannedScript } from './kind.ts';

/** At most so many changes go together, so that the limit of a command is enough for them. */
export const MOST_TOGETHER = 200;
/** Milliseconds for all of them. */
const LIMIT_MS = 120_000;

/**
 * Whether a change may go to the machine with others: small, known to the script there, and without a secret. A secret has a
 * command of its own, whose stdin no shell keeps.
 */
export function isSmall({ scripts }: Change): boolean {
  return scripts.every(
    ({ script, source, timeoutMs }) =>
      source === undefined && timeoutMs === undefined && TOGETHER.has(scriptDigest(script.text)),
  );
}

/** One command that makes all the changes in their order, and stops at the first that fails. */
export function batchCommand(changes: readonly Change[]): Command & { readonly asRoot: true } {
  const lines = changes.flatMap(({ scripts }) => scripts.flatMap(linesOf));
  return {
    ...scriptCommand({ name: 'changes', text: BATCH, args: [] }),
    stdin: callsText(lines),
    timeoutMs: LIMIT_MS,
  };
}

function linesOf({ script: { text, args }, stdin = '' }: PlannedScript): readonly string[] {
  const digest = scriptDigest(text);
  const line = args.length > 0 ? `${digest} ${callLine(...args)}` : digest;
  return WITH_TEXT.has(digest) || stdin !== '' ? [textLine(stdin), line] : [line];
}

/** How many of the changes are whole, as the machine told. */
export function doneOf(changes: readonly Change[], { stdout }: Output): number {
  let scripts = stdout.split('\n').filter((line) => line === 'done').length;
  const whole = changes.findIndex((change) => (scripts -= change.scripts.length) < 0);
  return whole < 0 ? changes.length : whole;
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [BATCH];
