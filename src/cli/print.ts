import pico from 'picocolors';
import { Problem } from '../problems.ts';
import type { Terminal } from '../terminal.ts';
import type { Say } from '../world.ts';
import { exitCodeOf } from './exit-codes.ts';
import { formatYaml } from '../mesh/yaml-text.ts';
import { visibleJson } from '../visible.ts';

/** Version of every JSON and YAML document that meshx prints. A field may be added to it; none changes its meaning. */
const DOCUMENT_VERSION = 1;

export type OutputFormat = 'text' | 'json' | 'yaml';
export const OUTPUT_FORMATS: readonly OutputFormat[] = ['text', 'json', 'yaml'];

/** Three parts, always the same: what is wrong with all its issues, what to do, where more is written. */
export function formatProblem(problem: Problem): readonly string[] {
  const [first = '', ...more] = problem.message.split(/\r?\n/);
  return [
    `meshx: ${first}`,
    // Behind a mark: lines of another program's output must not look like the hint.
    ...more.map((line) => `  | ${line}`),
    ...problem.issues.map((issue) => `  - ${issue}`),
    `  hint: ${problem.hint}`,
    `  see:  meshx explain ${problem.id}`,
  ];
}

/** The Problem with commands to paste: they repeat the given connection options. */
export function pasteable({ complete }: Pick<Terminal, 'complete'>, problem: Problem): Problem {
  if (!complete) return problem;
  const { id, message, hint, issues } = problem;
  const pasted = issues.map((issue) => complete(issue));
  return new Problem(id, { message, hint: complete(hint), issues: pasted }, problem);
}

/** Prints a Problem for people. */
export function printProblem(terminal: Terminal, found: Problem): void {
  const { err, color } = terminal;
  const problem = pasteable(terminal, found);
  const colors = pico.createColors(color);
  const labels = /^(meshx:|  hint:|  see:)/gm;
  err(formatProblem(problem), (text) =>
    text.replace(labels, (label) => (label === 'meshx:' ? colors.red(label) : colors.bold(label))),
  );
}

/** Prints a Problem that the document for programs already has. Returns the exit code. */
export function tellProblem(terminal: Terminal, problem: Problem): number {
  printProblem(terminal, problem);
  return exitCodeOf(problem);
}

/** With the VM before each line, if there are several. */
export function marked(say: Say, vms: readonly string[], vm: string): Say {
  return vms.length === 1 ? say : (lines) => say([lines].flat().map((line) => `${vm}: ${line}`));
}

/** The same for programs. */
export function problemRecord(problem: Pick<Problem, 'id' | 'message' | 'hint' | 'issues'>): object {
  const { id, message, hint, issues } = problem;
  return { id, message, hint, ...(issues.length > 0 ? { issues } : {}), see: `meshx explain ${id}` };
}

/** A document that holds nothing but a problem. */
export function problemDocument(problem: Problem, format: 'json' | 'yaml' = 'json'): string {
  return formatDocument({ problem: problemRecord(problem) }, format);
}

/** One JSON or YAML document with its `version` first. */
export function formatDocument(content: object, format: 'json' | 'yaml'): string {
  const document = { version: DOCUMENT_VERSION, ...content };
  return format === 'json' ? `${visibleJson(document, 2)}\n` : formatYaml(document);
}
