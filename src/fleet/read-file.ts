import type { z } from 'zod';
import { Unreadable } from '../documents/unreadable.ts';
import { readYaml } from '../documents/yaml.ts';
import { yamlAmbiguity, yamlPlace } from '../documents/yaml-place.ts';
import { fleetProblems } from '../problems/fleet.ts';
import { nearest } from '../nearest.ts';
import { FleetSchema, type FleetFile } from './schema.ts';

type Issue = z.core.$ZodIssue;
/** Names of keys and numbers of items, from the top of the file. */
export type FieldPath = readonly (string | number)[];

/** That many are shown. */
const MOST_ISSUES = 100;

/** Reads a fleet file. Throws `fleet-file-invalid` with the line and column of each issue. */
export function readFleetFile(path: string, text: string): FleetFile {
  const fail = (issues: readonly string[]) => fleetProblems.fileInvalid({ path, issues });
  const value = valueOf(path, text);
  const parsed = FleetSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const all = parsed.error.issues.flatMap((issue) => lines(issue, []));
  const shown = all.slice(0, MOST_ISSUES).map((line) => `${at(path, text, line.path)}: ${line.text}`);
  const more = all.length - shown.length;
  throw fail(more > 0 ? [...shown, `${path}: ${more} more issues`] : shown);
}

/** `fleet.yaml:12:5`, the place of a field. */
export function at(path: string, text: string, field: FieldPath): string {
  const { line, column } = yamlPlace(text, field);
  return `${path}:${line}:${column}`;
}

function valueOf(path: string, text: string): unknown {
  const ambiguity = yamlAmbiguity(text);
  if (ambiguity) {
    const { line, column, reason } = ambiguity;
    throw fleetProblems.fileInvalid({ path, issues: [`${path}:${line}:${column}: ${reason}`] });
  }
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const place = `${path}:${error.line}:${error.column}`;
    throw fleetProblems.fileInvalid({ path, issues: [`${place}: ${error.message}`] }, error);
  }
}

interface Line {
  readonly path: FieldPath;
  readonly text: string;
}

/** The issue in words. Of a union, the issues of the alternative that fits best. */
function lines(issue: Issue, before: FieldPath): readonly Line[] {
  const path = [...before, ...(issue.path as FieldPath)];
  const name = path.length === 0 ? 'the file' : path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(key, path) }));
    case 'invalid_union': {
      const [best] = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
      const deeper = best?.flatMap((each) => lines(each, path)) ?? [];
      return deeper.some((line) => line.path.length > path.length) ? deeper : [{ path, text: `${name}: ${WRONG}` }];
    }
    case 'invalid_key':
      return [{ path, text: `${name}: the name ${issue.issues[0]?.message ?? 'is invalid'}` }];
    case 'invalid_type':
      return [{ path, text: `${name}: ${wrongType(issue)}` }];
    case 'invalid_value':
      return [{ path, text: `${name}: it is one of ${issue.values.map(String).join(', ')}` }];
    case 'too_small':
      return [{ path, text: `${name}: it is too small; the least is ${String(issue.minimum)}` }];
    case 'too_big':
      return [{ path, text: `${name}: it is too large; the most is ${String(issue.maximum)}` }];
    default:
      return [{ path, text: `${name}: it ${issue.message}` }];
  }
}

const WRONG = 'it has another form; see the reference of the file';

const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length), 0);

function wrongType({ expected, input }: Extract<Issue, { code: 'invalid_type' }>): string {
  return input === undefined || input === null
    ? `it is missing, and is ${WORDS[expected] ?? expected}`
    : `it is not ${WORDS[expected] ?? expected}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'a mapping',
  object: 'a mapping',
};

/** The keys that the file may have at a path, to name the nearest one. */
const KNOWN: readonly string[] = [
  ...['fleet', 'cluster', 'labels', 'services', 'options', 'rollout', 'inventory', 'groups', 'hosts', 'address'],
  ...['serial', 'max-fail', 'canary', 'order', 'soak', 'verify', 'command', 'timeout', 'compute', 'group'],
];

function unknownKey(key: string, path: FieldPath): string {
  const known = path.at(-1) === 'options' ? OPTION_NAMES : KNOWN;
  const names = nearest(key, known);
  const hint = names.length > 0 ? `; did you mean ${names.join(' or ')}?` : '';
  return `there is no key ${JSON.stringify(key)}${hint}`;
}

const OPTION_NAMES: readonly string[] = Object.keys(FleetSchema.shape.options.unwrap().shape);
