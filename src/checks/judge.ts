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

/** Why facts are unknown, by their names. */
export type Unread<Facts> = { readonly [Name in keyof Facts]?: string };

/**
 * Judges all checks, so that each has a result: one that holds without comment is ok, and one whose facts could not be read is skipped
 * with the reason.
 */
export function judgeEach<Facts extends object>(
  checks: readonly Check<Facts>[],
  facts: Partial<Facts>,
  unread: Unread<Facts>,
): readonly Result[] {
  return checks.flatMap((check) => {
    const { id, category, title, severity, needs } = check;
    const record = { id, category, title, severity, ms: 0 };
    const missing = needs.find((name) => facts[name] === undefined);
    if (missing !== undefined)
      return [{ ...record, ok: 'skipped' as const, detail: unread[missing] ?? `${String(missing)} is unknown` }];
    const results = resultsOf(check, facts, 0);
    return results.length > 0 ? results : [{ ...record, ok: true as const, detail: '' }];
  });
}
