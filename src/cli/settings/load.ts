import type { Call, CommandSpec } from '../command.ts';
import { findSettings } from './files.ts';
import { settingsOf } from './keys.ts';
import type { Settings } from './setting.ts';

/**
 * The settings that the files give for a call; nothing is loaded to read them where there are none. Throws `settings-invalid`,
 * `settings-refused`, `settings-differ`.
 */
export async function loadSettings(spec: CommandSpec, call: Call): Promise<Settings | undefined> {
  const found = settingsOf(spec).length === 0 ? [] : await findSettings(call.world);
  if (found.length === 0) return undefined;
  const { settingsFrom } = await import('./from-files.ts');
  return settingsFrom(found, spec, call);
}
