import { resolve } from 'node:path';
import { rememberedOptions } from '../../operations/remembered.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { Call } from '../command.ts';
import { type Sourced, sourced } from '../config/sources.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { SETTING_KEYS } from '../settings/keys.ts';
import { userSettingsPath } from '../settings/files.ts';
import { formatTable } from '../table.ts';

/** `meshx config view [VM]`: each setting with its source. Changes nothing. */
export async function configView(call: Call): Promise<void> {
  const { terminal, world } = call;
  const input = new Input('config view', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const remembered = await remembers(input);
  const found = SETTING_KEYS.flatMap((key) => sourced(key, call, remembered) ?? []);
  if (output !== 'text') return terminal.out(formatDocument({ settings: found }, output));
  if (found.length > 0) return terminal.out(formatTable([['SETTING', 'VALUE', 'SOURCE'], ...found.map(row)]));
  terminal.err([
    'No settings: no option and no MESHX_ variable is given, and neither file exists or sets one:',
    `  ${resolve(world.cwd, 'meshx.yaml')} (or one above it, up to a folder with .git)`,
    `  ${userSettingsPath(world)}`,
  ]);
}

/** With a VM: what it remembers, which is read over SSH. */
async function remembers(input: Input): Promise<RecordedOptions> {
  const [vm] = input.call.args;
  const machine = machineOptions(input);
  const isRead = vm !== undefined && !input.flag('filesOnly');
  input.accept();
  return isRead ? rememberedOptions(input.call.world, { machine, vm }) : {};
}

const KINDS: Readonly<Record<Sourced['source']['kind'], string>> = {
  flag: 'option',
  variable: 'variable',
  project: 'project',
  user: 'user',
  vm: 'remembered on',
};

function row({ name, value, source }: Sourced): readonly string[] {
  return [name, [value].flat().join(', '), `${KINDS[source.kind]} ${source.where}`];
}
