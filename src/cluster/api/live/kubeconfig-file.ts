import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { decodeText } from '../../../documents/text.ts';
import { Unreadable } from '../../../documents/unreadable.ts';
import { readYaml } from '../../../documents/yaml.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { errorCode, errorText } from '../foreign-error.ts';
import { entryFields, type Fields, type Section, SECTIONS } from './kubeconfig-fields.ts';

/** A cluster, user or context of a kubeconfig. Paths in it are absolute. */
export interface Entry {
  readonly name: string;
  readonly file: string;
  readonly fields: Fields;
  /** Fields that meshx does not know and ignores. */
  readonly unknown: readonly string[];
}

export interface Kubeconfig {
  readonly clusters: readonly Entry[];
  readonly users: readonly Entry[];
  readonly contexts: readonly Entry[];
  readonly currentContext: string;
}

/** A kubeconfig has kilobytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads one file as kubectl does; undefined for an empty one, which counts as none. Throws `kubeconfig-invalid`. */
export function readKubeconfig(file: string): Kubeconfig | undefined {
  const content = mapping(contentOf(file));
  if (Object.keys(content).length === 0) return undefined;
  const { kind = 'Config', apiVersion = 'v1' } = content;
  if ((kind || 'Config') !== 'Config' || (apiVersion || 'v1') !== 'v1')
    throw invalid(file, `it is a ${String(kind)} of ${String(apiVersion)}, not a Config of v1`);
  const entries = (section: Section): readonly Entry[] => entriesOf(section, content, file);
  const current = content['current-context'] ?? '';
  if (typeof current !== 'string') throw invalid(file, 'current-context is not text');
  return {
    clusters: entries('clusters'),
    users: entries('users'),
    contexts: entries('contexts'),
    currentContext: current,
  };
}

/** The first definition of a name wins, and the first current context. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const firsts = (section: Section): readonly Entry[] => {
    const all = configs.flatMap((config) => config[section]);
    return all.filter((entry, index) => all.findIndex(({ name }) => name === entry.name) === index);
  };
  return {
    clusters: firsts('clusters'),
    users: firsts('users'),
    contexts: firsts('contexts'),
    currentContext: configs.map(({ currentContext }) => currentContext).find((name) => name !== '') ?? '',
  };
}

function contentOf(file: string): unknown {
  let value: unknown;
  try {
    const { size } = statSync(file);
    if (size > MOST_BYTES) throw new Unreadable('it is larger than 4 MiB');
    value = size === 0 ? null : readYaml(decodeText(readFileSync(file)));
  } catch (error) {
    if (error instanceof Unreadable) throw invalid(file, `line ${error.line}: ${error.message}`, error);
    throw invalid(file, REASONS[String(errorCode(error))] ?? errorText(error), error);
  }
  if (typeof (value ?? {}) !== 'object' || Array.isArray(value)) throw invalid(file, 'it is not a mapping');
  return value;
}

const REASONS: Readonly<Record<string, string>> = { EACCES: 'permission denied', EISDIR: 'it is a directory' };

function invalid(file: string, reason: string, cause?: unknown): Error {
  return clusterProblems.kubeconfigInvalid({ file, reason }, cause);
}

function entriesOf(section: Section, content: Fields, file: string): readonly Entry[] {
  const given = content[section] ?? [];
  if (!Array.isArray(given)) throw invalid(file, `${section} is not a list`);
  const entries = list(given).map((each) => entryOf(section, mapping(each), file));
  const names = entries.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(file, `${section} has two entries named ${JSON.stringify(twice)}`);
  return entries;
}

function entryOf(section: Section, entry: Fields, file: string): Entry {
  const { key } = SECTIONS[section];
  const name = entry['name'] ?? '';
  if (typeof name !== 'string') throw invalid(file, `a name in ${section} is not text`);
  const { fields, unknown, wrong } = entryFields(section, entry[key]);
  if (wrong !== undefined) throw invalid(file, `${key} ${name}: ${wrong}`);
  return { name, file, fields: absolute(fields, dirname(resolve(file))), unknown };
}

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Paths are relative to the file. A plugin's command is a path if it has a slash. */
function absolute(fields: Fields, folder: string): Fields {
  const paths = PATHS.filter((name) => text(fields[name]) !== undefined);
  const exec = mapping(fields['exec']);
  const command = text(exec['command']);
  return {
    ...fields,
    ...Object.fromEntries(paths.map((name) => [name, resolve(folder, String(fields[name]))])),
    ...(command?.includes('/') && { exec: { ...exec, command: resolve(folder, command) } }),
  };
}
