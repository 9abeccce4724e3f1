import type { CommandSpec } from '../command.ts';
import {
  CIDR_OPTION,
  CLUSTER_OPTIONS,
  GROUP_OPTIONS,
  ISTIOD_OPTIONS,
  PLAN_OPTIONS,
  RESTART_OPTIONS,
  SETUP_OPTIONS,
  VM_OPTIONS,
} from '../options.ts';

export const up: CommandSpec = {
  name: 'up',
  summary: 'join VMs to the mesh with their services: set up, register, verify',
  args: [
    [
      '[vm...]',
      'as for setup-vm; several run in parallel. Without one, on a terminal: asks for VM, cluster and services, shows the plan, and asks again',
    ],
  ],
  options: [
    ...SETUP_OPTIONS,
    ...GROUP_OPTIONS,
    CIDR_OPTION,
    ...ISTIOD_OPTIONS,
    ['--parallel <number>', 'number of VMs to join at once (4)'],
  ],
  common: [
    ...CLUSTER_OPTIONS,
    ...VM_OPTIONS,
    ...PLAN_OPTIONS,
    ...RESTART_OPTIONS,
    'confirmWithin',
    'namespace',
    'out',
    'acceptRisk',
  ],
  examples: [
    'up',
    'up istio-vm --service mysqldb:3306 --package istio-sidecar.deb -n vm',
    'up web-1 web-2 web-3 --workload-group web --service web:http:8080 --parallel 8',
  ],
  run: async (call, all) => (await import('../actions/up.ts')).up(call, up, all),
};
