/** How commands become root on a machine where the user is not root. */
export interface Sudo {
  /** Asked only when sudo itself asks; once for each connection. Without it a sudo that asks is a Problem. */
  readonly password?: () => Promise<string>;
}

/** `none`: the user is root. `silent`: sudo -n. `asking`: sudo reads the password from stdin. */
export type SudoMode = 'none' | 'silent' | 'asking';

/** argv of a command as root. `-p` makes the question recognizable: sudo's own text depends on the language. */
export function sudoArgv(mode: SudoMode, token: string, argv: readonly string[]): readonly string[] {
  if (mode === 'none') return argv;
  return mode === 'silent' ? ['sudo', '-n', '--', ...argv] : ['sudo', '-S', '-p', `${token}?`, '--', ...argv];
}
