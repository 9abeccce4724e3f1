import { PREFLIGHT_CHECKS } from '../preflight.ts';
import type { MachineCheck } from '../preflight/machine.ts';
import { ambientVmChecks } from './ambient.ts';
import { agentChecks } from './agent.ts';
import { captureChecks } from './capture.ts';
import type { VmCheck } from './facts.ts';
import { identityChecks } from './identity.ts';
import { istiodChecks } from './istiod.ts';
import { machineChecks } from './machine.ts';
import { JOINED_CHECK } from './membership.ts';
import { nameChecks } from './names.ts';
import { processChecks } from './processes.ts';
import { probeChecks } from './readiness-probe.ts';
import { registrationChecks } from './registration.ts';
import { serviceChecks } from './service.ts';
import { sidecarChecks } from './sidecar.ts';
import { unitChecks } from './units.ts';

/** The check that fails for a VM that cannot be asked. */
export const LOGIN_CHECK = {
  id: 'vm-login',
  category: 'path',
  severity: 'error',
  title: 'meshx can log in to the VM and become root',
} as const;

/** Checks of one VM. */
export const VM_CHECKS: readonly VmCheck[] = [
  JOINED_CHECK,
  ...machineChecks,
  ...unitChecks,
  ...processChecks,
  ...istiodChecks,
  ...identityChecks,
  ...nameChecks,
  ...captureChecks,
  ...sidecarChecks,
  ...ambientVmChecks,
  ...agentChecks,
  ...registrationChecks,
  ...serviceChecks,
  ...probeChecks,
];

/** Those that also mean something on a machine that is in no mesh. What a join would meet there is shown by `--pre`. */
export const OUTSIDE_CHECKS: readonly VmCheck[] = [JOINED_CHECK, ...machineChecks];

/** Those of the preflight that must hold after a join, too. */
const LASTING: ReadonlySet<string> = new Set([
  ...['clock-skew', 'programs-missing', 'kubernetes-node', 'service-in-container', 'policy-routing', 'apparmor'],
  ...['host-firewall', 'dnat-accepted', 'output-firewall'],
]);

export const LASTING_CHECKS: readonly MachineCheck[] = PREFLIGHT_CHECKS.filter(({ id }) => LASTING.has(id));
