import { type CheckReport, isHealthy, outcomeOf, summaryOf } from './report.ts';

/** The report for programs. */
export function reportDocument(report: CheckReport): object {
  const { cluster, namespaces, results, ms } = report;
  const checks = results.map((result) => {
    const { id, category, title, severity, detail, hint, object, place } = result;
    const seen = {
      ...(object !== undefined && { object }),
      ...(place !== undefined && { place }),
      ...(detail !== '' && { detail }),
      ...(hint !== undefined && { hint }),
    };
    return { id, category, title, severity, outcome: outcomeOf(result), ...seen };
  });
  return { cluster, namespaces, healthy: isHealthy(report), summary: summaryOf(report), ms, checks };
}
