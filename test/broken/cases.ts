import { CLUSTER_CASES } from './cases-cluster.ts';
import { EXPOSURE_CASES } from './cases-exposure.ts';
import { MACHINE_CASES } from './cases-machine.ts';
import { POLICY_CASES } from './cases-policy.ts';
import { LAST_CASES, REGISTRATION_CASES } from './cases-registration.ts';
import { SERVICE_CASES } from './cases-service.ts';
import { VM_CASES } from './cases-vm.ts';
import type { BrokenCase } from './case.ts';

export const CASES: readonly BrokenCase[] = [
  ...CLUSTER_CASES,
  ...EXPOSURE_CASES,
  ...REGISTRATION_CASES,
  ...SERVICE_CASES,
  ...POLICY_CASES,
  ...VM_CASES,
  ...MACHINE_CASES,
  ...LAST_CASES,
];
