import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, ISTIOD_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const check: CommandSpec = {
  name: 'check',
  summary:
    'find what is wrong with the mesh and its VMs: control plane, registration, services, policies; of named VMs also what they show themselves, over SSH',
  args: [
    [
      '[vm...]',
      'VM to check, from both sides: as for setup-vm, or its WorkloadGroup (default: all VMs that meshx registered, by the cluster alone)',
    ],
  ],
  options: [
    ['--only <check...>', 'only this category or check id'],
    [
      '--from <account>',
      'workload that calls the VMs, NAMESPACE/SERVICE-ACCOUNT (default: one in the namespace of each VM)',
    ],
    ['--cluster-only', 'do not log in to the VMs'],
    ['--pre', 'check machines before they join: what a join would check first'],
    ['--service <name:port...>', 'with --pre: service that will be on the VM: mysqldb:3306, web:http:8080'],
    ...ISTIOD_OPTIONS.filter(([flags]) => /^--(?:istiod-address|gateway) /.test(flags)),
    ['--fix', 'show what a repeated join of the named VMs repairs, repair it after a confirmation, and check again'],
    ['--dry-run', 'with --fix: print the plan without changing anything'],
    ['--wait', 'repeat until no check fails; with --fix, after the repair'],
    ['--timeout <seconds>', 'how long to wait (300)'],
    ['-o, --output <format>', 'text, short, json, yaml, sarif or junit'],
  ],
  common: [...CLUSTER_OPTIONS, ...LIVE_VM_OPTIONS, 'namespace', 'dryRun', 'output', 'yes', 'acceptRisk'],
  examples: [
    'check',
    'check db1 -n vm',
    'check db1 -n vm --fix',
    'check db2 --pre --service mysqldb:3306',
    'check --only policy --from web/frontend',
    'check --wait --timeout 120',
    'check -o sarif --manifests examples/current-cluster',
  ],
  run: async (call) => (await import('../actions/check.ts')).check(call),
};
