import { resolve } from 'node:path';
import type { FleetVm, OptionValue } from '../../fleet/fleet.ts';
import type { FleetFile } from '../../fleet/schema.ts';
import type { Call } from '../command.ts';

/** Options that name a file beside the fleet file. */
const PATHS: readonly string[] = [
  ...[
    'package',
    'package-source',
    'agent-executable',
    'root',
    'identity-file',
    'ssh-config',
    'known-hosts',
    'kubeconfig',
    'manifests',
  ],
];
const LISTS: readonly string[] = ['exclude-ports', 'strict-port', 'accept-risk', 'service-cidr'];

/** The options of a VM as if they had been given on the command line, whose own options win. */
export function givenFor(
  { options, labels, services }: FleetVm,
  cluster: FleetFile['cluster'],
  around: Around,
): Call['given'] {
  return {
    ...givenOf({ ...cluster, ...options }, around.folder),
    ...(services.length > 0 && { service: services }),
    ...(Object.keys(labels).length > 0 && { labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }),
    ...around.given,
  };
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
    PATHS.includes(name) && !/^(https?:\/\/|~\/)/.test(text) && !(name === 'package-source' && text === 'none');
  return isPath ? resolve(folder, text) : text;
}
