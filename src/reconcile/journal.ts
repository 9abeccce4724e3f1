import type { Command } from '../host/host.ts';
import { prelude } from '../host/shell.ts';
import { quote } from '../host/shell.ts';
import type { Plan } from './plan.ts';
import { UNDO_FUNCTIONS } from './undo-shell.ts';

/** Keeps the state of everything that the plan touches, in one round trip; undefined when it touches nothing. */
export function journalCommand(plan: Plan): (Command & { readonly asRoot: true }) | undefined {
  const lines = [...new Set(plan.steps.filter((step) => step.changes.length > 0).flatMap(keepLines))];
  if (lines.length === 0) return undefined;
  // A function is read whole before it runs: a stream that was cut runs nothing.
  const text = `${prelude()}${UNDO_FUNCTIONS}main() {\nundo_open || exit\n${lines.join('\n')}\nundo_close\n}\nmain\n`;
  return { argv: ['sh', '-s', 'meshx-journal'], stdin: text, asRoot: true, timeoutMs: 120_000 };
}

function keepLines({ touches }: Plan['steps'][number]): readonly string[] {
  const keep = (what: string, things: readonly string[] = []) =>
    things.map((each) => `keep_${what} ${quote(each)} || exit`);
  const { paths, units, users, packages } = touches;
  return [...keep('path', paths), ...keep('unit', units), ...keep('user', users), ...keep('package', packages)];
}
