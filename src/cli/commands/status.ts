import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const status: CommandSpec = {
  name: 'status',
  summary: 'show the VMs of the mesh: address, services, health, connection to istiod, agent',
  args: [
    [
      '[vm...]',
      'VM to show: its WorkloadGroup, entry or address (default: all). One alone is also read over SSH: units, processes, logs',
    ],
  ],
  options: [
    ['--deep', 'also read each VM over SSH: certificate, versions, capture, units, and whether its next plan is empty'],
    ['--lines <number>', 'with one VM: lines of each log (10)'],
    ['--parallel <number>', 'how many VMs are read in parallel (8)'],
    ['-w, --watch', 'show changes until Ctrl-C'],
    ['-o, --output <format>', 'text, wide, json or yaml'],
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS, 'output'],
  examples: [
    'status',
    'status -n vm -o wide',
    'status db1',
    'status --deep',
    'status -w',
    'status -o json --manifests examples/current-cluster',
  ],
  run: async (call) => (await import('../actions/status.ts')).status(call),
};
