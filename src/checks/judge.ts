import type { Check, Result } from './check.ts';

/** Judges facts that are known, without waiting for any. A check whose facts are not all there is left out. */
export function judgeAll<Facts extends object>(
  checks: readonly Check<Facts>[],
  facts: Partial<Facts>,
): readonly Result[] {
  return checks
    .filter(({ needs }) => needs.every((name) => facts[name] !== undefined))
    .flatMap((check) => resultsOf(check, facts, 0));
}

/** The judgement of one check, as results. It gets the facts that it names, and no others. */
export function resultsOf<Facts extends object>(
  check: Check<Facts>,
  facts: Partial<Facts>,
  ms: number,
): readonly Result[] {
  const { id, category, title, risk, severity, needs, judge } = check;
  // as: the caller has made sure that each fact it names is there.
  const needed = Object.fromEntries(needs.map((name) => [name, facts[name]])) as Facts;
  const record = { id, category, title, severity, ...(risk !== undefined && { risk }) };
  return judge(needed).map((seen) => ({ ...record, ...seen, ms }));
}
