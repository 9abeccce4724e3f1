import { resolve } from 'node:path';
import type { FleetVm, OptionValue } from '../../fleet/fleet.ts';
import type { FleetFile } from '../../fleet/schema.ts';
import { SOURCE_WORDS } from '../../operations/package/package-source.ts';
import type { Call } from '../command.ts';
import { outranked } from '../exclusive.ts';
import { flagOf } from '../input.ts';
import { NAMED_PATHS } from '../named-paths.ts';

const LISTS: readonly string[] = ['exclude-ports', 'strict-port', 'accept-risk', 'service-cidr'];

/** The options of a VM as if they had been given on the command line, whose own options win. */
export function givenFor(
  { options, origins, labels, services }: FleetVm,
  cluster: FleetFile['cluster'],
  around: Around,
): Call['given'] {
  const ofFile = { ...cluster, ...options };
  return {
    ...withoutExcluded(givenOf(ofFile, around.folder), around.given, (name) => origins[name]?.length ?? 0),
    ...(services.length > 0 && { service: services }),
    ...(Object.keys(labels).length > 0 && { labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }),
    ...around.given,
  };
}

/** Options of a fleet file without those that an option of the command line, or of a deeper place in the file, excludes. */
export function withoutExcluded(
  ofFile: Call['given'],
  given: Call['given'],
  depth: (name: string) => number = () => 0,
): Call['given'] {
  const typed = Object.entries(given).map(([name, value]) => ({ name, value, rank: Number.POSITIVE_INFINITY }));
  const said = Object.entries(ofFile).map(([name, value]) => ({ name, value, rank: depth(flagOf(name).slice(2)) }));
  const lost = outranked([...typed, ...said.filter(({ name }) => given[name] === undefined)]);
  return Object.fromEntries(Object.entries(ofFile).filter(([name]) => !lost.has(name)));
}

export interface Around {
  /** The folder of the fleet file. */
  readonly folder: string;
  readonly given: Call['given'];
}

/** Options of a file by their camelCase names. */
export function givenOf(options: Readonly<Record<string, OptionValue | undefined>>, folder: string): Call['given'] {
  const found = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(found.map(([name, value]) => [camelCase(name), given(name, value, folder)]));
}

/** `vmAddress` for vm-address. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function given(name: string, value: OptionValue, folder: string): unknown {
  if (LISTS.includes(name)) return [value].flat().map(String);
  if (typeof value === 'boolean') return value;
  const text = String(value);
  const isPath =
    camelCase(name) in NAMED_PATHS &&
    !/^(https?:\/\/|~\/)/.test(text) &&
    !(name === 'package-source' && SOURCE_WORDS.includes(text));
  return isPath ? resolve(folder, text) : text;
}
