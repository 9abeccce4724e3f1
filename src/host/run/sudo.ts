import { hostProblems } from '../../problems/host.ts';
import { announced } from './exchange.ts';
import { rootProgramArgv } from './root-program.ts';

/** How commands become root on a machine where the user is not root. */
export interface Sudo {
  /** Asked only when sudo itself asks; once for each connection. Without it a sudo that asks is a Problem. */
  readonly password?: () => Promise<string>;
}

/**
 * `none`: the user is root. `silent`: sudo -n. `program`: sudo -n of the root program, and nothing else. `asking`: sudo reads
 * the password from stdin.
 */
export type SudoMode = 'none' | 'silent' | 'program' | 'asking';

/** What is done, for messages. */
export interface About {
  readonly host: string;
  readonly doing: string;
}

/**
 * argv of a command that announces itself with the token, as root unless the mode is `none`. `-p` makes sudo's question
 * recognizable: its own text depends on the language. Throws `root-program-outdated` for what is no script.
 */
export function launchArgv(
  mode: SudoMode,
  { token, argv }: { readonly token: string; readonly argv: readonly string[] },
  about: About,
): readonly string[] {
  if (mode === 'none') return announced(token, argv);
  if (mode === 'silent') return ['sudo', '-n', '--', ...announced(token, argv)];
  if (mode === 'asking') return ['sudo', '-S', '-p', `${token}?`, '--', ...announced(token, argv)];
  // The root program announces by itself.
  const words = rootProgramArgv(token, argv);
  if (!words) throw hostProblems.rootProgramLacks(about);
  return ['sudo', '-n', '--', ...words];
}
