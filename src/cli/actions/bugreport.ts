import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseName } from '../../mesh/names.ts';
import { makeBugreport } from '../../operations/bugreport/bugreport.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';

/** `meshx bugreport [VM…]` */
export async function bugreport(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const input = new Input('bugreport', call);
  const [machine, cluster] = [machineOptions(input), clusterOptions(input)];
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  // MESHX_OUTPUT is the format of other commands.
  const { output } = call.given;
  const out = typeof output === 'string' && output !== '' ? output : '.';
  if (['json', 'yaml', 'text'].includes(out))
    input.issue(`--output: a bug report is an archive; give the path of a file`);
  input.accept();

  const report = await makeBugreport(world, { cluster, machine, vms: args, ...present({ namespace }) });
  const { id, archive, files, missing } = report;
  const path = await pathOf(resolve(world.cwd, out), `meshx-bugreport-${id}.tar.gz`);
  await writeFiles('/', [{ name: path, text: archive, mode: 0o600 }]);
  for (const { part, reason } of missing) terminal.err(`not included: ${part}: ${reason}`);
  const removed = Object.values(report.removed).reduce((sum, count) => sum + count, 0);
  terminal.out([
    `${path}: ${files.length} files, ${Math.ceil(archive.length / 1024)} KiB; ${removed} secrets removed`,
    'Look through it before you send it: names and addresses of your machines are in it.',
    `bug report ${id}`,
  ]);
}

async function pathOf(given: string, name: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  return found?.isDirectory() === true ? join(given, name) : given;
}
