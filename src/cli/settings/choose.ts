import { isDeepStrictEqual } from 'node:util';
import { yamlPlace } from '../../documents/yaml-place.ts';
import { matchesPatterns } from '../../host/ssh/config/pattern.ts';
import { cliProblems } from '../../problems/cli.ts';
import { isOfProjects, type SettingKey } from './keys.ts';
import type { SettingsFile } from './read.ts';
import { PARTS } from './schema.ts';
import type { Setting, Settings, SettingValue } from './setting.ts';

/** What a run is about: parts of a file apply to it. */
export interface About {
  /** Absent for a folder of manifests. */
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  /** Host names of the VMs. */
  readonly hosts: readonly string[];
}

/**
 * The settings of a run about these VMs. The project's file wins over the operator's own; within one, a host over a namespace, that over
 * a context, and that over what is common to all. Pure. Throws `settings-differ` if the VMs would get different values.
 */
export function chooseSettings(files: readonly SettingsFile[], keys: readonly SettingKey[], about: About): Settings {
  const each = (about.hosts.length > 0 ? about.hosts : [undefined]).map((host) =>
    settingsFor(files, keys, about, host),
  );
  const [first = new Map<string, Setting>(), ...others] = each;
  const differing = keys.filter(({ name }) =>
    others.some((other) => !isDeepStrictEqual(other.get(name)?.value, first.get(name)?.value)),
  );
  if (differing.length > 0)
    throw cliProblems.settingsDiffer({ vms: about.hosts, settings: differing.map(({ key }) => key) });
  return first;
}

function settingsFor(
  files: readonly SettingsFile[],
  keys: readonly SettingKey[],
  about: About,
  host: string | undefined,
): Settings {
  const all = files.flatMap((file) => pathsOf(file, about, host).map((path) => ({ file, path })));
  // The first place has the highest rank.
  const places = all.map((place, index) => ({ ...place, rank: all.length - index }));
  const found = keys.flatMap((key): readonly (readonly [string, Setting])[] => {
    for (const { file, path, rank } of places.filter(({ file: { owner } }) => owner === 'user' || isOfProjects(key))) {
      const value = valueAt(file, [...path, key.key]);
      if (value !== undefined)
        return [[key.name, { value, owner: file.owner, where: placeOf(file, [...path, key.key]), rank }]];
    }
    return [];
  });
  return new Map(found);
}

/** The parts of a file that apply, the most specific first. */
function pathsOf(
  { settings: { hosts } }: SettingsFile,
  { context, namespace }: About,
  host: string | undefined,
): readonly (readonly string[])[] {
  const patterns = Object.keys(hosts).filter(
    (pattern) => host !== undefined && matchesPatterns(pattern.split(/[\s,]+/), host),
  );
  return [
    ...patterns.map((pattern) => ['hosts', pattern]),
    ...(namespace === undefined ? [] : [['namespaces', namespace]]),
    ...(context === undefined ? [] : [['contexts', context]]),
    [],
  ];
}

function valueAt({ settings }: SettingsFile, path: readonly string[]): SettingValue | undefined {
  const [first = '', second = '', third = ''] = path;
  if (path.length === 1) return own(settings.common, first);
  const part = PARTS.find((name) => name === first);
  const values = part && own(settings[part], second);
  return values && own(values, third);
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function placeOf({ path, text }: SettingsFile, at: readonly string[]): string {
  const { line, column } = yamlPlace(text, at);
  return `${path}:${line}:${column}`;
}
