import type { Command, Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { CALLS, callLine, callsText } from './calls.ts';
import { explain } from './explain.ts';
import type { Plan } from './plan.ts';
import type { Touches } from './kind.ts';
import type { FirstPicture } from './undo/first-picture.ts';
import { UNDO_WITH_PICTURE } from './undo-shell.ts';

/**
 * Keeps the state of everything that the plan touches, in one round trip; undefined when it touches nothing. The first time
 * on a machine it keeps a picture of the whole machine too: the one that is given, else it takes it.
 */
export function journalCommand(plan: Plan, picture?: FirstPicture): (Command & { readonly asRoot: true }) | undefined {
  const touched = plan.steps.filter((step) => step.changes.length > 0).map(({ touches }) => touches);
  return keepCommand(touched, picture);
}

/**
 * Keeps the state before something is changed outside a plan. Throws the Problem of a journal that could not be written;
 * then nothing must be changed.
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
    ...scriptCommand({ name: 'journal', text: JOURNAL, args: [] }),
    stdin: callsText([...(picture ? [callLine('picture', picture.tables, picture.base64)] : []), ...lines]),
    timeoutMs: 120_000,
  };
}

/**
 * Keeps what stdin names: `keep_path PATH` and its like, one in each line; all units in one, as systemd is asked once. Before
 * these `picture TABLES BASE64`, for a journal that has not begun, where the operator has one.
 */
const JOURNAL = `${UNDO_WITH_PICTURE}${CALLS}J='' _given=
keep() {
  case $1 in
  picture) _tables=$2 _given=$3 ;;
  keep_tree | keep_path | keep_units | keep_user | keep_package) test -n "$J" || undo_open picture || exit; "$@" || exit ;;
  *) exit 1 ;;
  esac
}
calls keep || exit
undo_close
`;

/** Trees first: the first line about a thing is the one that stays. */
function keepLines({ paths, trees, users, packages }: Touches): readonly string[] {
  const keep = (what: string, things: readonly string[] = []) => things.map((each) => callLine(`keep_${what}`, each));
  return [...keep('tree', trees), ...keep('path', paths), ...keep('user', users), ...keep('package', packages)];
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [JOURNAL];
