import { resolve } from 'node:path';
import { cliProblems } from '../../problems/cli.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { readView, viewOfFile } from '../../operations/proxy/read-view.ts';
import type { Call } from '../command.ts';
import { readText } from '../files.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatView, viewDocument } from '../proxy/format-view.ts';
import { viewQuery } from '../proxy/view-query.ts';

const PORTS = [1, 65_535] as const;
const MOST_BYTES = 256 * 1024 * 1024;

/** `meshx proxy VM VIEW`: what the sidecar has received, by its admin interface or a saved answer of it. */
export async function proxy(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const input = new Input('proxy', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const file = input.text('file');
  const [vm, word] = file !== undefined && args.length === 1 ? [undefined, args[0]] : args;
  const query = viewQuery(input, word, file !== undefined);
  const machine = machineOptions(input, sshPort);
  input.accept();
  if (!query) throw cliProblems.invalidInput({ command: 'proxy', issues: [] });

  const path = file === undefined ? undefined : resolve(world.cwd, file);
  const report =
    path === undefined
      ? await readView(world, () => openMachine(world, machine, vm ?? ''), query)
      : viewOfFile(world, query, { path, text: await readText(path, MOST_BYTES) });
  if (output === 'text') terminal.out(formatView(report, input.flag('details')));
  else
    terminal.out(formatDocument({ ...(vm === undefined ? { file: path } : { vm }), ...viewDocument(report) }, output));
}

/** `--port` selects by port here; MESHX_PORT is the SSH port everywhere. */
function sshPort(input: Input): number | undefined {
  const { port: _filter, ...given } = input.call.given;
  const environment = new Input('proxy', { ...input.call, given });
  const port = input.number('sshPort', PORTS) ?? environment.number('port', PORTS);
  environment.accept();
  return port;
}
