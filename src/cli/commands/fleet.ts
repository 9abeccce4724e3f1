import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS, type OptionLine, RESTART_OPTIONS } from '../options.ts';

const FILE = [['[file]', 'fleet file (fleet.yaml)']] as const;
const LIMIT: OptionLine = ['--limit <pattern...>', "only these hosts or groups: web, 'db-*', 'all,!db-1'"];
const FORKS: OptionLine = ['--forks <number>', 'VMs connected at the same time (5)'];
const PRUNE: OptionLine = ['--prune', 'also remove members that the file no longer names'];
const READS = [...CLUSTER_OPTIONS, ...LIVE_VM_OPTIONS, 'output', 'exitCode'] as const;
const WRITES = [...CLUSTER_OPTIONS, ...LIVE_VM_OPTIONS, ...RESTART_OPTIONS, 'confirmWithin', 'output', 'yes'] as const;

export const fleetPlan: CommandSpec = {
  name: 'fleet plan',
  summary: 'plan all VMs of a fleet file, in batches; change nothing',
  args: FILE,
  options: [LIMIT, FORKS, PRUNE],
  common: [...READS, ...RESTART_OPTIONS],
  examples: ['fleet plan', 'fleet plan shop.yaml --limit db --exit-code'],
  run: async (call) => (await import('../actions/fleet.ts')).fleetPlan(call),
};

export const fleetApply: CommandSpec = {
  name: 'fleet apply',
  summary: 'join and update the VMs of a fleet file, canaries first, batch by batch; safe to repeat',
  args: FILE,
  options: [LIMIT, FORKS, PRUNE, ['--plan-hash <hash>', 'only if the plan still has this hash']],
  common: [...WRITES, 'dryRun', 'exitCode'],
  examples: ['fleet apply', 'fleet apply shop.yaml --plan-hash 3f9a0c2b7d1e4f58', 'fleet apply --prune --yes'],
  run: async (call) => (await import('../actions/fleet.ts')).fleetApply(call),
};

export const fleetStatus: CommandSpec = {
  name: 'fleet status',
  summary: 'show the VMs of a fleet, their state in the mesh, and where the last run stopped',
  args: FILE,
  options: [LIMIT],
  common: READS,
  examples: ['fleet status', 'fleet status shop.yaml --output json'],
  run: async (call) => (await import('../actions/fleet.ts')).fleetStatusOf(call),
};

export const fleetDiff: CommandSpec = {
  name: 'fleet diff',
  summary: 'show every difference between a fleet file and its VMs; change nothing',
  args: FILE,
  options: [LIMIT, FORKS],
  common: [...READS, ...RESTART_OPTIONS],
  examples: ['fleet diff', "fleet diff --limit 'web-*' --exit-code"],
  run: async (call) => (await import('../actions/fleet.ts')).fleetDiff(call),
};

export const fleetRollback: CommandSpec = {
  name: 'fleet rollback',
  summary: 'roll back the VMs that the last run changed to their former package, in the same batches',
  args: FILE,
  options: [LIMIT, FORKS],
  common: WRITES,
  examples: ['fleet rollback --restart', 'fleet rollback shop.yaml --limit db-1'],
  run: async (call) => (await import('../actions/fleet.ts')).fleetRollback(call),
};

export const fleetRemove: CommandSpec = {
  name: 'fleet remove',
  summary: 'remove the VMs of a fleet from the mesh and undo everything meshx did on them',
  args: FILE,
  options: [LIMIT, FORKS, PRUNE],
  common: [...WRITES, 'dryRun', 'exitCode'],
  examples: ['fleet remove --dry-run', 'fleet remove --limit web-3', 'fleet remove shop.yaml --prune --yes'],
  run: async (call) => (await import('../actions/fleet.ts')).fleetRemove(call),
};
