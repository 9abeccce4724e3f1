import type { Command, Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { callLine, callsText } from './calls.ts';
import { explain } from './explain.ts';
import type { Plan } from './plan.ts';
import type { Touches } from './kind.ts';
import type { FirstPicture } from './undo/first-picture.ts';
import { shellFile } from '../text-files.ts';

const JOURNAL = shellFile(new URL('./journal.root.sh', import.meta.url));

/**
 * Writes the state of everything that the plan touches to the journal, in one round trip; undefined if it touches nothing. The first
 * time on a machine it also keeps a snapshot of the whole machine: the given one, else it takes one.
 */
export function journalCommand(plan: Plan, picture?: FirstPicture): (Command & { readonly asRoot: true }) | undefined {
  const touched = plan.steps.filter((step) => step.changes.length > 0).map(({ touches }) => touches);
  return keepCommand(touched, picture);
}

/**
 * Writes the state before a change outside a plan. Throws the Problem of a journal that cannot be written; then nothing may be
 * changed.
 */
export async function keepBefore(host: Host, touches: Touches, signal?: AbortSignal): Promise<void> {
  const command = keepCommand([touches]);
  if (!command) return;
  const output = await host.run(command, signal);
  if (output.exitCode === 0) return;
  const doing = 'keep the state before the first change';
  throw explain(output, { host: host.name, doing, done: [], left: [], again: undefined });
}

function keepCommand(
  touched: readonly Touches[],
  picture?: FirstPicture,
): (Command & { readonly asRoot: true }) | undefined {
  const units = new Set(touched.flatMap((each) => each.units ?? []));
  const lines = [...new Set(touched.flatMap(keepLines)), ...(units.size > 0 ? [callLine('keep_units', ...units)] : [])];
  if (lines.length === 0) return undefined;
  return {
    ...scriptCommand({ ...JOURNAL, args: [] }),
    stdin: callsText([...(picture ? [callLine('picture', picture.tables, picture.base64)] : []), ...lines]),
    timeoutMs: 120_000,
  };
}

/** Trees first: the first line about a path wins. */
function keepLines({ paths, trees, users, packages }: Touches): readonly string[] {
  const keep = (what: string, things: readonly string[] = []) => things.map((each) => callLine(`keep_${what}`, each));
  return [...keep('tree', trees), ...keep('path', paths), ...keep('user', users), ...keep('package', packages)];
}
