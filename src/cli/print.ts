import pico from 'picocolors';
import type { Problem } from '../problems.ts';
import type { Runtime } from '../runtime.ts';
import { EXIT } from './exit-codes.ts';
import { formatYaml } from '../mesh/yaml-text.ts';

/** Version of every JSON and YAML document that meshx prints. A field may be added to it; none changes its meaning. */
const DOCUMENT_VERSION = 1;

export type OutputFormat = 'text' | 'json' | 'yaml';
export const OUTPUT_FORMATS: readonly OutputFormat[] = ['text', 'json', 'yaml'];

/** Three parts, always the same: what is wrong with all its issues, what to do, where more is written. */
export function formatProblem(problem: Problem, color = false): string {
  const colors = pico.createColors(color);
  const [first = '', ...more] = problem.message.split('\n');
  const lines = [
    `${colors.red('meshx:')} ${first}`,
    ...more.map((line) => `  ${line}`),
    ...problem.issues.map((issue) => `  - ${issue}`),
    `  ${colors.bold('hint:')} ${problem.hint}`,
    `  ${colors.bold('see:')}  docs/problems.md#${problem.id}`,
  ];
  return lines.join('\n');
}

/** Tells a Problem to people where the document for programs has it already; gives the exit code. */
export function tellProblem(runtime: Runtime, problem: Problem): number {
  runtime.err(formatProblem(problem, runtime.color));
  return EXIT.problem;
}

/** The same for programs. */
export function problemRecord(problem: Problem): object {
  const { id, message, hint, issues } = problem;
  return { id, message, hint, ...(issues.length > 0 ? { issues } : {}), see: `docs/problems.md#${id}` };
}

/** A document that holds nothing but a problem. */
export function problemDocument(problem: Problem): string {
  return formatDocument({ problem: problemRecord(problem) }, 'json');
}

/** One JSON or YAML document with its `version` first. */
export function formatDocument(content: object, format: 'json' | 'yaml'): string {
  const document = { version: DOCUMENT_VERSION, ...content };
  return format === 'json' ? `${JSON.stringify(document, undefined, 2)}\n` : formatYaml(document);
}
