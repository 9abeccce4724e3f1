import type { Finding } from '../finding.ts';
import type { PreflightInput } from '../preflight-input.ts';
import { type CaptureExclusions, mergeScans } from './exclusions.ts';
import { firewallFindings } from './firewall.ts';
import { handMadeFindings } from './hand-made.ts';
import { keeperFindings } from './keepers.ts';
import { loginScans } from './logins.ts';
import { neighbourScans } from './neighbours.ts';
import { mountScans } from './network-mounts.ts';
import type { Answers } from './probe.ts';

/** What else lives on the machine: findings, and what capture leaves alone because of it. Pure. */
export function coexistence(
  answers: Answers,
  input: PreflightInput,
): { readonly findings: readonly Finding[]; readonly exclusions: CaptureExclusions } {
  return mergeScans([
    { findings: [...firewallFindings(answers, input), ...handMadeFindings(answers)] },
    ...neighbourScans(answers, input),
    ...loginScans(answers),
    ...mountScans(answers),
    { findings: keeperFindings(answers) },
  ]);
}
