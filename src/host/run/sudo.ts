import { hostProblems } from '../../problems/host.ts';
import { announced } from './exchange.ts';
import { rootProgramArgv } from './root-program.ts';

/** How commands become root on a machine where the user is not root. */
export interface Sudo {
  /** Called once per connection, only if sudo prompts. Without it a prompt is a Problem. */
  readonly password?: () => Promise<string>;
}

/**
 * `none`: the user is root. `silent`: sudo -n. `program`: sudo -n of the root program only. `asking`: sudo reads the password from
 * stdin.
 */
export type SudoMode = 'none' | 'silent' | 'program' | 'asking';

/** The host and the command, for messages. */
export interface About {
  readonly host: string;
  readonly doing: string;
}

/**
 * argv of a command that announces itself with the token, as root unless the mode is `none`. `-p` makes sudo's prompt recognizable, as
 * its default depends on the language. With mode `program`, throws `root-program-outdated` for a command that is not a script.
 */
export function launchArgv(
  mode: SudoMode,
  { token, argv }: { readonly token: string; readonly argv: readonly string[] },
  about: About,
): readonly string[] {
  if (mode === 'none') return announced(token, argv);
  if (mode === 'silent') return ['sudo', '-n', '--', ...announced(token, argv)];
  if (mode === 'asking') return ['sudo', '-S', '-p', `${token}?`, '--', ...announced(token, argv)];
  // The root program announces itself.
  const program = rootProgramArgv(token, argv);
  if (!program) throw hostProblems.rootProgramLacks(about);
  return ['sudo', '-n', '--', ...program];
}
