import type { Host } from '../host/run/host.ts';
import { inspect, type Inspected, type Inspection, inspectionOf, isLive } from '../vm/inspect.ts';
import type { PreflightInput } from '../vm/preflight-input.ts';
import type { Result } from './check.ts';
import { judgeAll } from './judge.ts';
import { firewallChecks } from './preflight/firewall.ts';
import { handMadeChecks } from './preflight/hand-made.ts';
import { keeperChecks } from './preflight/keepers.ts';
import { loginChecks } from './preflight/logins.ts';
import { type MachineCheck, type MachineFacts } from './preflight/machine.ts';
import { neighbourChecks } from './preflight/neighbours.ts';
import { addressChecks, nameChecks } from './preflight/network.ts';
import { mountChecks } from './preflight/network-mounts.ts';
import { resolverChecks } from './preflight/resolver.ts';
import { serviceChecks } from './preflight/services.ts';
import { runtimeChecks, systemChecks } from './preflight/system.ts';

/** What the machine is, and the findings before it joins. */
export interface Preflight extends Inspection {
  readonly findings: readonly Result[];
}

/** All checks of a machine before a join, in the order of the report. */
export const PREFLIGHT_CHECKS: readonly MachineCheck[] = [
  ...systemChecks,
  ...runtimeChecks,
  ...addressChecks,
  ...nameChecks,
  ...resolverChecks,
  ...serviceChecks,
  ...firewallChecks,
  ...handMadeChecks,
  ...neighbourChecks,
  ...loginChecks,
  ...mountChecks,
  ...keeperChecks,
];

/** Inspects a machine and judges it. Changes nothing. Throws `vm-probe-unreadable` and what `Host.run` throws. */
export async function preflight(host: Host, input: PreflightInput, signal?: AbortSignal): Promise<Preflight> {
  return judge(await inspect(host, input, signal), input);
}

/** Judges recorded answers. */
export function judge(inspected: Inspected, input: PreflightInput): Preflight {
  const inspection = inspectionOf(inspected, input);
  const { answers, now } = inspected;
  const machine = isLive(answers) && { machine: answers };
  const facts: Partial<MachineFacts> = { files: answers, ...machine, now, inspection, input };
  return { ...inspection, findings: judgeAll(PREFLIGHT_CHECKS, facts) };
}
