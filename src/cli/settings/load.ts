import type { Call, CommandSpec } from '../command.ts';
import { excludedIn } from '../exclusive.ts';
import { variableOf } from '../variables.ts';
import { findSettings, userSettingsPath } from './files.ts';
import { settingsOf } from './keys.ts';
import type { Settings } from './setting.ts';

/**
 * The call with the settings of the files, and without what an option with precedence excludes. Throws as `loadSettings` does, and
 * `path-refused`.
 */
export async function withSettings(spec: CommandSpec, call: Call): Promise<Call> {
  const settings = await loadSettings(spec, { ...call, excluded: excludedIn(spec, call) });
  const whole = { ...call, ...(settings && { settings }) };
  const excluded = excludedIn(spec, whole);
  if (settings) await judgeSettings({ ...whole, settings, excluded });
  return { ...whole, excluded };
}

/** Judges the paths of the operator's own file that the call uses. */
async function judgeSettings({ world, given, settings, excluded }: Call & { readonly settings: Settings }) {
  const used = [...settings].filter(([name]) => {
    const isReplaced = given[name] !== undefined || world.env[variableOf(name)] !== undefined;
    return !isReplaced && excluded?.has(name) !== true;
  });
  if (used.length === 0) return;
  const { judgePaths, pathsNamedBy } = await import('../named-paths.ts');
  const file = userSettingsPath(world);
  await judgePaths(await pathsNamedBy(file, Object.fromEntries(used.map(([name, { value }]) => [name, value])), world));
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
