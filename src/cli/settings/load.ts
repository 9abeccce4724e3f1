import type { Call, CommandSpec } from '../command.ts';
import { excludedIn } from '../exclusive.ts';
import { findSettings } from './files.ts';
import { settingsOf } from './keys.ts';
import type { Settings } from './setting.ts';

/** The call with the settings of the files, and without what an option with precedence excludes. Throws as `loadSettings` does. */
export async function withSettings(spec: CommandSpec, call: Call): Promise<Call> {
  const settings = await loadSettings(spec, { ...call, excluded: excludedIn(spec, call) });
  const whole = { ...call, ...(settings && { settings }) };
  return { ...whole, excluded: excludedIn(spec, whole) };
}

/**
 * The settings that the files give for a call; nothing is loaded to read them where there are none. Throws `settings-invalid`,
 * `settings-refused`, `settings-differ`.
 */
async function loadSettings(spec: CommandSpec, call: Call): Promise<Settings | undefined> {
  const found = settingsOf(spec).length === 0 ? [] : await findSettings(call.world);
  if (found.length === 0) return undefined;
  const { settingsFrom } = await import('./from-files.ts');
  return settingsFrom(found, spec, call);
}
