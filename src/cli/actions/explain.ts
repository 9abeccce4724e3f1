import { cliProblems } from '../../problems/cli.ts';
import { shown } from '../../problems/mesh.ts';
import { RISKS } from '../../checks/risk.ts';
import { textFile } from '../../text-files.ts';
import type { Call } from '../command.ts';
import { nearest } from '../../nearest.ts';

const PROBLEMS = textFile(new URL('../../../docs/problems.md', import.meta.url));
const CHECKS = textFile(new URL('../../../docs/checks.md', import.meta.url));
const OTHER_TOOLS = textFile(new URL('../../../docs/reference/other-tools.md', import.meta.url));

/**
 * `meshx explain ID`: the sections of docs/problems.md, docs/checks.md and docs/reference/other-tools.md about it; a check before a join may
 * have the id of the Problem that the join would end with. A risk without a section of its own is explained by those that say how to
 * accept it. An unknown id is a usage error with the nearest ids.
 */
export function explain(call: Call): Promise<void> {
  const [given = ''] = call.args;
  // A check of several subjects ends with its own: `service-through-mesh:mysqldb:3306`.
  const [id = ''] = given.split(':');
  const pages = [PROBLEMS, CHECKS, OTHER_TOOLS].map(sectionsOf);
  const own = pages.flatMap((sections) => sections.get(id) ?? []);
  const found = own.length === 0 && isRisk(id) ? pages.flatMap((sections) => accepting(id, sections)) : own;
  if (found.length === 0) throw unknownId(given, [...new Set(pages.flatMap((sections) => [...sections.keys()]))]);
  call.terminal.out(`${id}\n\n${found.join('\n\n')}\n`);
  return Promise.resolve();
}

function isRisk(id: string): boolean {
  return (RISKS as readonly string[]).includes(id);
}

/** The sections that name `--accept-risk RISK`. */
function accepting(risk: string, sections: ReadonlyMap<string, string>): readonly string[] {
  const accepted = new RegExp(`--accept-risk ${risk}\\b`);
  return [...sections].flatMap(([id, text]) => (accepted.test(text) ? [`${id}\n\n${text}`] : []));
}

/** Each section under a heading `### ID`, up to the next heading. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [, ...parts] = page.split(/^### /m);
  return new Map(
    parts.map((part) => {
      const [id = '', ...lines] = part.split(/^## /m)[0]!.split('\n');
      return [id, lines.join('\n').trim()] as const;
    }),
  );
}

function unknownId(id: string, ids: readonly string[]): Error {
  const [first, ...others] = nearest(id, ids);
  const also = others.length > 0 ? ` Similar: ${others.join(', ')}.` : '';
  return cliProblems.wrongUsage({
    message: `There is no problem or check with the id ${shown(id)}.${also}`,
    hint: first
      ? `Run: meshx explain ${first}`
      : 'Copy the id of a message: it follows "see: meshx explain", or is in brackets after a check.',
  });
}
