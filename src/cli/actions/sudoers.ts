import { LocalHost } from '../../host/local-host.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { allowSudo, sudoersFiles } from '../../operations/sudoers/sudoers.ts';
import { parseSudoer } from '../../operations/sudoers/sudoers-file.ts';
import { shown } from '../../problems/mesh.ts';
import { tellMeanwhile } from '../headings.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { concludeChange } from '../conclude.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';

/** `meshx sudoers [VM]` */
export async function sudoers(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('sudoers', call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const sudoer = sudoerOf(input);
  if (machine.root !== undefined)
    input.issue('--root: not supported; copy the two files into the image during its build');
  input.accept();

  const { program, line } = sudoersFiles(sudoer);
  if (input.flag('printProgram')) terminal.out(program.content);
  else if (!input.flag('install')) terminal.out(line.content);
  if (!input.flag('install')) return EXIT.done;
  const [vm] = args;
  const names = { vm: vm ?? 'this machine', ...called('sudoers', call, ...args) };
  const progress = new RunProgress(call, { vms: [names.vm], onStdout: false });
  const { say, watch } = progress.of(names.vm);
  const login = async () => (vm === undefined ? new LocalHost() : await openMachine(world, machine, vm));
  const observe = watched(watch, tellMeanwhile({ ...names, say }));
  const calling = { ...names, login, dryRun: input.flag('dryRun'), observe };
  const report = await during(progress, () => allowSudo(world, calling, sudoer));
  const code = concludeChange({ terminal, output, exitCode: input.flag('exitCode') }, report);
  if (report.status !== 'planned' && !report.problem)
    terminal.err(
      `note: ${sudoer} can now do as root what ${program.path} can; that is equal to root (see the text of ${line.path})`,
    );
  return code;
}

/** The given user, or the login name of `user@host` when nothing is installed with it. */
function sudoerOf(input: Input): string {
  const login = /^(.+)@/.exec(input.call.args[0] ?? '')?.[1];
  const text = input.text('for') ?? (input.flag('install') ? undefined : login);
  if (input.flag('printProgram') && !input.flag('install')) return '';
  if (text === undefined) input.issue('--for: say which user gets the right');
  const sudoer = text === undefined ? '' : parseSudoer(text);
  if (sudoer === undefined) input.issue(`--for: ${shown(text ?? '')} is not a user, #UID, %GROUP or %#GID`);
  return sudoer ?? '';
}
