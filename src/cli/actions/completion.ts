import { cliProblems } from '../../problems/cli.ts';
import type { Call, CommandSpec } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { places } from '../completion/places.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS: Readonly<Record<string, typeof bashCompletion>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `meshx completion SHELL` */
export function completion({ args: [shell = ''], terminal }: Call, all: readonly CommandSpec[]): Promise<void> {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (!write) {
    throw cliProblems.wrongUsage({
      message: `There is no completion for ${JSON.stringify(shell)}.`,
      hint: 'See the shells there are: meshx completion --help',
    });
  }
  terminal.out(write(places(all)));
  return Promise.resolve();
}
