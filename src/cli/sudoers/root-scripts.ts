import type { RootScript } from '../../host/root-program.ts';
import { ROOT_SCRIPTS as commands } from '../../host/commands.ts';
import { ROOT_SCRIPTS as batch } from '../../reconcile/batch.ts';
import { ROOT_SCRIPTS as facts } from '../../reconcile/facts.ts';
import { ROOT_SCRIPTS as journal } from '../../reconcile/journal.ts';
import { ROOT_SCRIPTS as kindsDirectory } from '../../reconcile/kinds/directory.ts';
import { ROOT_SCRIPTS as kindsEdit } from '../../reconcile/kinds/edit.ts';
import { ROOT_SCRIPTS as kindsEnabled } from '../../reconcile/kinds/enabled.ts';
import { ROOT_SCRIPTS as kindsFile } from '../../reconcile/kinds/file.ts';
import { ROOT_SCRIPTS as kindsKeptFile } from '../../reconcile/kinds/kept-file.ts';
import { ROOT_SCRIPTS as kindsPackage } from '../../reconcile/kinds/package.ts';
import { ROOT_SCRIPTS as kindsToken } from '../../reconcile/kinds/token.ts';
import { ROOT_SCRIPTS as kindsUnit } from '../../reconcile/kinds/unit.ts';
import { ROOT_SCRIPTS as kindsUser } from '../../reconcile/kinds/user.ts';
import { ROOT_SCRIPTS as undoFirstPicture } from '../../reconcile/undo/first-picture.ts';
import { ROOT_SCRIPTS as undoFormerPackage } from '../../reconcile/undo/former-package.ts';
import { ROOT_SCRIPTS as undoPicture } from '../../reconcile/undo/picture.ts';
import { ROOT_SCRIPTS as undoRead } from '../../reconcile/undo/read.ts';
import { ROOT_SCRIPTS as undoScripts } from '../../reconcile/undo/undo-scripts.ts';
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
  named(batch, ['changes']),
  named(facts, ['probes']),
  named(journal, ['journal']),
  named(kindsDirectory, ['directory-create']),
  named(kindsEdit, ['text-write']),
  named(kindsEnabled, ['unit-enable']),
  named(kindsFile, ['file-write', 'own']),
  named(kindsKeptFile, ['file-keep']),
  named(kindsPackage, ['package-receive', 'package-install']),
  named(kindsToken, ['token-write']),
  named(kindsUnit, ['daemon-reload', 'unit-start', 'unit-keep', 'unit-stop']),
  named(kindsUser, ['user-create', 'user-sysusers']),
  named(undoFirstPicture, ['first-picture']),
  named(undoFormerPackage, ['package-copies', 'package-back']),
  named(undoPicture, ['picture-take', 'picture-read']),
  named(undoRead, ['journal-read']),
  named(undoScripts, [
    'undo-restore',
    'undo-text',
    'undo-remove',
    'undo-rmdir',
    'undo-tree',
    'undo-own',
    'undo-directory',
    'undo-link',
    'undo-unit',
    'undo-unit-back',
    'undo-units-forget',
    'undo-package',
    'undo-package-back',
    'undo-user',
    'undo-tables',
    'undo-chains',
    'undo-noted',
    'undo-run',
    'undo-journal',
  ]),
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
