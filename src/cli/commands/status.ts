import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS } from '../options.ts';

export const status: CommandSpec = {
  name: 'status',
  summary: 'show the VMs of the mesh: address, services, health, connection to istiod, agent',
  args: [['[vm...]', 'VM to show: its WorkloadGroup, entry or address (default: all, also those of others)']],
  options: [
    ['-w, --watch', 'show changes until Ctrl-C'],
    ['-o, --output <format>', 'text, wide, json or yaml'],
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', 'output'],
  examples: [
    'status',
    'status -n vm -o wide',
    'status db1 web1',
    'status -w',
    'status -o json --manifests examples/current-cluster',
  ],
  run: async (call) => (await import('../actions/status.ts')).status(call),
};
