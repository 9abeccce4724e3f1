import { cliProblems } from '../../problems/cli.ts';
import type { Call, CommandSpec } from '../command.ts';
import { completionScript } from '../completion/script.ts';

/** `meshx completion SHELL` */
export function completion({ args: [shell = ''], terminal }: Call, all: readonly CommandSpec[]): Promise<void> {
  const script = completionScript(shell, all);
  if (script === undefined) {
    throw cliProblems.wrongUsage({
      message: `There is no completion for ${JSON.stringify(shell)}.`,
      hint: 'See the shells there are: meshx completion --help',
    });
  }
  terminal.out(script);
  return Promise.resolve();
}
