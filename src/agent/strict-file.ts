import type * as z from 'zod';
import { Unreadable } from '../documents/unreadable.ts';
import { readYaml } from '../documents/yaml.ts';
import { yamlLine } from '../documents/yaml-lines.ts';
import { agentProblems } from '../problems/agent.ts';
import { visible } from '../visible.ts';

/** Characters of a file of the agent: far more than any has, and little enough to be parsed at once. */
const LIMIT = 256 * 1024;

/**
 * The value of a YAML file by its schema. Throws `agent-file-invalid` with every issue as `FILE:LINE: FIELD: REASON`. No issue repeats
 * a value of the file.
 */
export function parseStrict<Value>(schema: z.ZodType<Value>, file: string, text: string): Value {
  if (text.length > LIMIT) throw agentProblems.fileInvalid({ file, issues: [`${file}: larger than 256 KiB`] });
  const { data, error } = schema.safeParse(valueOf(file, text));
  if (!error) return data;
  const issues = error.issues.flatMap((issue) => placed(issue).map((each) => located(file, text, each)));
  throw agentProblems.fileInvalid({ file, issues });
}

function valueOf(file: string, text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const issues = [`${file}:${error.line}: ${visible(error.message)}`];
    throw agentProblems.fileInvalid({ file, issues }, error);
  }
}

interface Placed {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/** One issue for each unknown field, at the line of that field. */
function placed(issue: z.core.$ZodIssue): readonly Placed[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, reason: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], reason: 'unknown field' }));
}

function located(file: string, text: string, { path, reason }: Placed): string {
  const field = path.map(String).join('.');
  return visible(`${file}:${yamlLine(text, path)}: ${field === '' ? '' : `${field}: `}${reason}`);
}
