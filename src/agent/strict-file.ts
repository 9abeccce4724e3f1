import type * as z from 'zod';
import { Unreadable } from '../documents/unreadable.ts';
import { readYaml } from '../documents/yaml.ts';
import { yamlAmbiguity, yamlPlace } from '../documents/yaml-place.ts';
import { agentProblems } from '../problems/agent.ts';
import { nearest } from '../nearest.ts';
import { visible } from '../visible.ts';

/** Characters of a file: far more than any has, and little enough to be parsed at once. */
const LIMIT = 256 * 1024;

/** That many are shown. A hostile file may have tens of thousands. */
const MOST_ISSUES = 100;

/**
 * The value of a YAML file by its schema. Throws `agent-file-invalid` with every issue as `FILE:LINE:COLUMN: FIELD: REASON`. No
 * issue repeats a value of the file.
 */
export function parseStrict<Value>(schema: z.ZodType<Value>, file: string, text: string): Value {
  const { value, issues } = readStrict(schema, file, text);
  if (issues.length > 0) throw agentProblems.fileInvalid({ file, issues });
  return value as Value;
}

/** The same for any owner of a file: its value, or every issue. */
export function readStrict<Value>(
  schema: z.ZodType<Value>,
  file: string,
  text: string,
): { readonly value?: Value; readonly issues: readonly string[] } {
  if (text.length > LIMIT) return { issues: [`${file}:1:1: larger than 256 KiB`] };
  const parsed = valueOf(file, text);
  if (parsed.issue !== undefined) return { issues: [parsed.issue] };
  const { data, issues } = parseFields(schema, parsed.value);
  if (issues.length === 0) return { value: data as Value, issues: [] };
  const all = issues.flatMap(placed);
  const shown = all.slice(0, MOST_ISSUES).map((place) => located(file, text, place()));
  const more = all.length - shown.length;
  return { issues: more > 0 ? [...shown, `${file}: ${more} more issues`] : shown };
}

/** The value of fields by their schema, or what is wrong with them. */
export function parseFields<Value>(schema: z.ZodType<Value>, fields: unknown) {
  const { data, error } = schema.safeParse(fields, { error: knownFields });
  return { data, issues: error?.issues ?? [] };
}

/** For unknown fields zod keeps the names of the others only here, so they become the message. */
const knownFields: z.core.$ZodErrorMap = ({ code, inst }) => {
  if (code !== 'unrecognized_keys') return undefined;
  const { shape = {} } = (inst?._zod.def ?? {}) as { readonly shape?: object };
  return Object.keys(shape).join(' ');
};

function valueOf(file: string, text: string): { readonly value?: unknown; readonly issue?: string } {
  try {
    const value = readYaml(text);
    const ambiguity = yamlAmbiguity(text);
    if (ambiguity) throw new Unreadable(ambiguity.reason, ambiguity.line, ambiguity.column);
    return { value };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { issue: `${file}:${error.line}:${error.column}: ${visible(error.message)}` };
  }
}

interface Placed {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/** One issue for each unknown field, at the place of that field; each is made when it is shown. */
function placed(issue: z.core.$ZodIssue): readonly (() => Placed)[] {
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => () => ({ path: issue.path, reason: message }));
  if (issue.code !== 'unrecognized_keys') return [() => ({ path: issue.path, reason: issue.message })];
  const names = issue.message.split(' ');
  return issue.keys.map((key) => () => {
    const [near] = nearest(key, names);
    const known = near === undefined ? `the fields are ${names.join(', ')}` : `did you mean ${near}?`;
    return { path: [...issue.path, key], reason: `unknown field; ${known}` };
  });
}

function located(file: string, text: string, { path, reason }: Placed): string {
  const { line, column } = yamlPlace(text, path);
  const field = path.map(String).join('.');
  return visible(`${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${reason}`);
}
