import type { Say } from '../../world.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Result } from '../../checks/check.ts';

/**
 * Prints notes and accepted risks; throws `preflight-failed` with everything else. A risk is accepted by its name only, so
 * that nobody accepts what he has not read.
 */
export function judgeFindings(
  findings: readonly Result[],
  { vm, acceptRisk, say }: { readonly vm: string; readonly acceptRisk: readonly string[]; readonly say: Say },
): void {
  const stops = findings.filter((finding) => finding.severity !== 'note' && !isAccepted(finding, acceptRisk));
  for (const finding of findings) {
    if (stops.includes(finding)) continue;
    say(`${finding.severity === 'risk' ? 'accepted' : 'note'}: ${finding.detail}`);
    if (finding.severity === 'note' && finding.hint) say(`  ${finding.hint}`);
  }
  if (stops.length === 0) return;
  throw cliProblems.preflightFailed({ vm, findings: stops.map(formatFinding) });
}

function isAccepted({ severity, risk }: Result, accepted: readonly string[]): boolean {
  return severity === 'risk' && risk !== undefined && accepted.includes(risk);
}

function formatFinding({ detail, hint = '', risk }: Result): string {
  const way = risk === undefined ? '' : ` Or accept it: --accept-risk=${risk}`;
  return `${detail} ${hint}${way}`.trim();
}
