import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const ui: CommandSpec = {
  name: 'ui',
  summary: 'serve a page on this machine that shows the mesh live: VMs, services, certificates, checks, drift',
  args: [['[vm...]', 'VM to show: its WorkloadGroup, entry or address (default: all)']],
  options: [
    ['--listen <port>', 'port of 127.0.0.1 (default: a free one)'],
    ['--interval <seconds>', 'how often the cluster is read while a page is open (5)'],
    ['--deep', 'also ask each VM over SSH when its certificate ends'],
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS],
  examples: ['ui', 'ui -n vm --listen 8460', 'ui --deep'],
  run: async (call) => (await import('../actions/ui.ts')).ui(call),
};
