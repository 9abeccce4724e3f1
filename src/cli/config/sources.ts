import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { Call } from '../command.ts';
import { withoutPassword } from '../command-line.ts';
import { flagOf } from '../input.ts';
import { legacyValue, legacyVariable } from '../legacy-environment.ts';
import type { SettingKey } from '../settings/keys.ts';
import { variableOf } from '../variables.ts';

/** A value of a setting, and the source that it comes from. */
export interface Sourced {
  readonly name: string;
  readonly value: string | boolean | readonly string[];
  readonly source: {
    readonly kind: 'flag' | 'variable' | 'project' | 'user' | 'vm';
    /** The flag, the variable, `FILE:LINE:COLUMN`, or the VM. */
    readonly where: string;
  };
}

/**
 * The value of a setting from the first source that gives it: flag, variable, project, user, and what the VM remembers. Undefined
 * where no source does. Pure.
 */
export function sourced(key: SettingKey, call: Call, remembered: RecordedOptions): Sourced | undefined {
  const { name } = key;
  const { given, settings, args, excluded } = call;
  const { env } = call.world;
  const of = (kind: Sourced['source']['kind'], where: string, value: unknown): Sourced => ({
    name: key.key,
    value: shownValue(value),
    source: { kind, where },
  });
  const ofVm = (): Sourced | undefined =>
    Object.hasOwn(remembered, name) ? of('vm', args[0] ?? '', remembered[name]) : undefined;
  if (given[name] !== undefined) return of('flag', flagOf(name), given[name]);
  if (excluded?.has(name) === true) return ofVm();
  const variable = variableOf(name);
  if (env[variable] !== undefined) return of('variable', variable, env[variable]);
  const legacy = legacyValue(name, env);
  if (legacy !== undefined) return of('variable', legacyVariable(name), legacy);
  const setting = settings?.get(name);
  if (setting) return of(setting.owner, setting.where, setting.value);
  return ofVm();
}

function shownValue(value: unknown): Sourced['value'] {
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.map((each) => withoutPassword(String(each))) : withoutPassword(String(value));
}
