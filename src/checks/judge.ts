import type { Check, Result } from './check.ts';

/** Judges known facts. Leaves out checks that need other facts. */
export function judgeAll<Facts extends object>(
  checks: readonly Check<Facts>[],
  facts: Partial<Facts>,
): readonly Result[] {
  return checks
    .filter(({ needs }) => needs.every((name) => facts[name] !== undefined))
    .flatMap((check) => resultsOf(check, facts, 0));
}

/** The results of one check, which gets only the facts that it needs. */
export function resultsOf<Facts extends object>(
  check: Check<Facts>,
  facts: Partial<Facts>,
  ms: number,
): readonly Result[] {
  const { id, category, title, risk, severity, needs, judge } = check;
  // as: the caller has checked that each needed fact exists.
  const needed = Object.fromEntries(needs.map((name) => [name, facts[name]])) as Facts;
  const record = { id, category, title, severity, ...(risk !== undefined && { risk }) };
  return judge(needed).map((seen) => ({ ...record, ...seen, ms }));
}
