import { CATEGORIES, type Result } from '../check.ts';
import { type CheckReport, outcomeOf, summaryOf } from './report.ts';

/** The command that shows all results of a check. */
type ShowAll = (id: string) => string;
const ofCheck: ShowAll = (id) => `meshx check --only ${id} -o short`;

/** Categories with what is wrong in them, then the summary. Checks that hold are counted only. */
export function formatText(report: CheckReport, showAll: ShowAll = ofCheck): readonly string[] {
  const { results, ms } = report;
  const parts = CATEGORIES.map((category) => results.filter((result) => result.category === category));
  const lines = parts.flatMap((part) => (part.length === 0 ? [] : [...formatCategory(part, showAll), '']));
  return [...lines, `${summaryOf(report)} (${(ms / 1000).toFixed(1)} s)`];
}

function formatCategory(results: readonly Result[], showAll: ShowAll): readonly string[] {
  const held = results.filter(({ ok }) => ok === true).length;
  return [
    results[0]?.category ?? '',
    ...(held > 0 ? [`  ok       ${held} ${held === 1 ? 'check' : 'checks'}`] : []),
    ...[...groupedById(results.filter(({ ok }) => ok !== true)).values()].flatMap((same) => formatCheck(same, showAll)),
  ];
}

/** Of one check. A cause that a thousand VMs share is not printed a thousand times. */
const MOST = 10;

function formatCheck(results: readonly Result[], showAll: ShowAll): readonly string[] {
  const rest = results.length - MOST;
  const [first] = results;
  const more = rest > 0 && first ? [`           and ${rest} more, shown by: ${showAll(first.id)}`] : [];
  return [...results.slice(0, MOST).flatMap(formatResult), ...more];
}

function groupedById(results: readonly Result[]): ReadonlyMap<string, readonly Result[]> {
  const ids = [...new Set(results.map(({ id }) => id))];
  return new Map(ids.map((id) => [id, results.filter((result) => result.id === id)]));
}

/** The outcome, what was seen, what to do; of a skipped check what it would have judged. */
function formatResult(result: Result): readonly string[] {
  const { ok, id, title, detail, hint } = result;
  const seen = ok === 'skipped' ? `${title}: ${detail}` : detail;
  const line = `  ${outcomeOf(result).padEnd(9)}${seen} [${id}]`;
  return hint === undefined ? [line] : [line, `           hint: ${hint}`];
}

/** One line for each finding; nothing for a healthy mesh. */
export function formatShort({ results }: CheckReport): readonly string[] {
  return results
    .filter(({ ok }) => ok === false)
    .map(
      (result) =>
        `${outcomeOf(result)} ${result.id}: ${result.detail}${result.hint === undefined ? '' : ` | ${result.hint}`}`,
    );
}
