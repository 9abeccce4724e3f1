import { NAME_KINDS } from '../../operations/name-kinds.ts';
import { cliProblems } from '../../problems/cli.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call, CommandSpec } from '../command.ts';
import { completionScript } from '../completion/script.ts';
import { Input } from '../input.ts';

/** A completion waits this long for a cluster, in milliseconds. */
const PATIENCE_MS = 3000;

/** `meshx completion SHELL`, and `--values KIND`, which the scripts call. */
export async function completion(call: Call, all: readonly CommandSpec[]): Promise<void> {
  const { args, terminal } = call;
  const [shell = ''] = args;
  const input = new Input('completion', call);
  const kind = input.choice('values', NAME_KINDS);
  const { connect, ...cluster } = clusterOptions(input);
  input.accept();
  if (kind !== undefined) {
    // Its parsers take longer to load than the script to print.
    const { knownNames } = await import('../../operations/known-names.ts');
    const quick = { ...cluster, connect: { timeoutMs: PATIENCE_MS, ...connect } };
    return terminal.out(await knownNames(call.world, kind, quick));
  }
  const script = completionScript(shell, all);
  if (script === undefined) {
    throw cliProblems.wrongUsage({
      message: `There is no completion for ${JSON.stringify(shell)}.`,
      hint: 'See the shells there are: meshx completion --help',
    });
  }
  terminal.out(script);
}
