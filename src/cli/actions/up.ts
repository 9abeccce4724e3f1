import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Call, CommandSpec } from '../command.ts';
import { reviewLine, typedLine } from '../command-line.ts';
import { completing } from '../completing.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { askMissing } from '../first-run/ask-missing.ts';
import { Input } from '../input.ts';
import { StrictQuestion } from '../join/strict-question.ts';
import { withSecretsOnce } from '../secrets-once.ts';
import { pasteable } from '../print.ts';
import { withSettings } from '../settings/load.ts';
import { joinVms } from './join.ts';

/** `meshx up VM…`; without a VM, on a terminal, it asks for what is missing. */
export async function up(call: Call, spec: CommandSpec, all: readonly CommandSpec[]): Promise<number> {
  if (call.args.length > 0) return joinVms('up', call);
  const { ask, err } = call.terminal;
  const input = new Input('up', call);
  if (!ask || input.flag('yes') || (input.text('output') ?? 'text') !== 'text')
    throw cliProblems.wrongUsage({
      message: 'meshx up: the VM is missing.',
      hint: 'Name the VM: meshx up VM. On a terminal, meshx up alone asks for what is missing.',
    });
  const once = withSecretsOnce(call);
  const asked = await askMissing(once, { ask, err });
  const answered = { ...asked, ...completing(asked, { ...asked, name: 'up' }, all) };
  try {
    return await planThenJoin(answered, spec);
  } catch (error) {
    throw error instanceof Problem ? pasteable(answered.terminal, error) : error;
  }
}

/** Shows the plan and the command line that it is of, and joins after a confirmation. */
async function planThenJoin(asked: Call, spec: CommandSpec): Promise<number> {
  const { terminal, given } = asked;
  const [vm = ''] = asked.args;
  const call = await withSettings(spec, asked);
  const strict = new StrictQuestion(terminal);
  const code = await joinVms('up', { ...call, given: { ...given, dryRun: true } }, strict);
  const all = { ...call, given: strict.answered(vm, given) };
  terminal.err(`The same as: ${typedLine('up', all, vm)}`);
  if ((code !== EXIT.done && code !== EXIT.planNotEmpty) || given['dryRun'] === true) return code;
  const task = { subject: vm, task: `join ${vm}`, changes: 'carry out this plan', review: reviewLine('up', all, vm) };
  await confirm(terminal, task);
  return joinVms('up', all);
}
