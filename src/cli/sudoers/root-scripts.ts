import { ROOT_SCRIPTS as actionsCapture } from '../actions/capture.ts';
import { ROOT_SCRIPTS as actionsConfigure } from '../actions/configure.ts';
import { ROOT_SCRIPTS as configureSteps } from '../configure/steps.ts';
import { ROOT_SCRIPTS as joinOpenPorts } from '../join/open-ports.ts';
import { ROOT_SCRIPTS as joinRestart } from '../join/restart.ts';
import { ROOT_SCRIPTS as commands } from '../../host/commands.ts';
import { ROOT_SCRIPTS as audit } from '../../reconcile/audit.ts';
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
import { ROOT_SCRIPTS as lock } from '../../reconcile/lock.ts';
import { ROOT_SCRIPTS as undoFirstPicture } from '../../reconcile/undo/first-picture.ts';
import { ROOT_SCRIPTS as undoFormerPackage } from '../../reconcile/undo/former-package.ts';
import { ROOT_SCRIPTS as undoPicture } from '../../reconcile/undo/picture.ts';
import { ROOT_SCRIPTS as undoRead } from '../../reconcile/undo/read.ts';
import * as undoScripts from '../../reconcile/undo/undo-scripts.ts';
import { ROOT_SCRIPTS as adoptStanding } from '../../vm/adopt/standing.ts';
import { ROOT_SCRIPTS as bypass } from '../../vm/bypass.ts';
import { ROOT_SCRIPTS as deadMan } from '../../vm/dead-man.ts';
import { ROOT_SCRIPTS as drain } from '../../vm/drain.ts';
import { ROOT_SCRIPTS as membership } from '../../vm/membership.ts';
import { ROOT_SCRIPTS as preflightProbe } from '../../vm/preflight/probe.ts';
import { ROOT_SCRIPTS as proofsConnect } from '../../vm/proofs/connect-shell.ts';
import { ROOT_SCRIPTS as proofsReachability } from '../../vm/proofs/reachability.ts';
import { ROOT_SCRIPTS as proofsScripts } from '../../vm/proofs/scripts.ts';

/**
 * Every script that this version of meshx runs as root on a VM. A test finds the files that have one, and fails when one of
 * them is not here.
 */
export const ROOT_SCRIPTS: readonly string[] = [
  actionsCapture,
  actionsConfigure,
  configureSteps,
  joinOpenPorts,
  joinRestart,
  commands,
  audit,
  batch,
  facts,
  journal,
  kindsDirectory,
  kindsEdit,
  kindsEnabled,
  kindsFile,
  kindsKeptFile,
  kindsPackage,
  kindsToken,
  kindsUnit,
  kindsUser,
  lock,
  undoFirstPicture,
  undoFormerPackage,
  undoPicture,
  undoRead,
  Object.values(undoScripts).flat(),
  adoptStanding,
  bypass,
  deadMan,
  drain,
  membership,
  preflightProbe,
  proofsConnect,
  proofsReachability,
  proofsScripts,
].flat();
