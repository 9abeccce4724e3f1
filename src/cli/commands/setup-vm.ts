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

export const setupVm: CommandSpec = {
  name: 'setup-vm',
  summary: 'join a VM to the mesh and verify it with live traffic; safe to repeat',
  args: [['<vm>', 'user@host, a Host of ~/.ssh/config, a DNS name, or a Compute Engine instance']],
  options: [
    ...SETUP_OPTIONS,
    ...GROUP_OPTIONS,
    CIDR_OPTION,
    ...ISTIOD_OPTIONS,
    ['--only <step...>', 'run only these steps; --print lists them'],
    ['--print', 'print the steps, the plan and every file without changing anything'],
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
    'setup-vm istio-vm --package istio-sidecar.deb -n vm',
    'setup-vm admin@10.150.0.5 --service mysqldb:3306 --package istio-sidecar.deb --dry-run',
    'setup-vm istio-vm --only cluster-env',
  ],
  run: async (call) => (await import('../actions/join.ts')).joinVms('setup-vm', call),
};
