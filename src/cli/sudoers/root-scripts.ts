import type { RootScript } from '../../host/root-program.ts';
import { ROOT_SCRIPTS as commands } from '../../host/commands.ts';
import { ROOT_SCRIPTS as adoptStanding } from '../../vm/adopt/standing.ts';
import { ROOT_SCRIPTS as bypass } from '../../vm/bypass.ts';
import { ROOT_SCRIPTS as configure } from '../../vm/configure.ts';
import { ROOT_SCRIPTS as deadMan } from '../../vm/dead-man.ts';
import { ROOT_SCRIPTS as drain } from '../../vm/drain.ts';
import { ROOT_SCRIPTS as hasSwitch } from '../../vm/has-switch.ts';
import { ROOT_SCRIPTS as membership } from '../../vm/membership.ts';
import { ROOT_SCRIPTS as openPorts } from '../../vm/open-ports.ts';
import { shellFiles } from '../../text-files.ts';

/** The texts of one file with their names, in the order of both. Some have several names: `switch-arm|switch-confirm`. */
function named(texts: readonly string[], names: readonly string[]): readonly RootScript[] {
  if (texts.length !== names.length)
    throw new TypeError(`${texts.length} scripts have ${names.length} names: ${names.join(', ')}`);
  return texts.map((text, index) => ({ text, names: (names[index] ?? '').split('|') }));
}

/**
 * Every script that this version of meshx runs as root on a VM, with the names by which it is called: the root program runs it
 * under no other, so that sudo's log says what ran. A test finds the files that have one, and fails when one of them is not here.
 */
export const NAMED_SCRIPTS: readonly RootScript[] = [
  named(commands, ['stop']),
  named(adoptStanding, ['adopt-read']),
  named(bypass, ['bypass-forget', 'bypass']),
  named(configure, ['unit-look']),
  named(deadMan, ['switch-read', 'switch-revert', 'switch-arm|switch-confirm']),
  named(drain, ['mesh-connections', 'drain', 'sidecar-end']),
  named(hasSwitch, ['switch-look']),
  named(membership, ['membership']),
  named(openPorts, ['ports-look']),
  shellFiles(new URL('../../', import.meta.url), '.root.sh').map(({ name, text }) => ({ text, names: [name] })),
].flat();

/** Their texts alone. */
export const ROOT_SCRIPTS: readonly string[] = NAMED_SCRIPTS.map(({ text }) => text);
