import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS } from '../options.ts';
import { ISTIOD_OPTIONS, PRINT_OPTION } from './option-groups.ts';

export const generateDnsmasq: CommandSpec = {
  name: 'generate-dnsmasq',
  summary: 'write kubedns, the file by which dnsmasq finds the names of the mesh',
  args: [],
  options: [
    ...ISTIOD_OPTIONS,
    ['--dns-address <ip>', 'current: address at which VMs reach the cluster DNS'],
    PRINT_OPTION,
  ],
  common: [...CLUSTER_OPTIONS, 'out', 'output'],
  examples: ['generate-dnsmasq', 'generate-dnsmasq --print'],
  run: async (call) => (await import('../actions/generate-dnsmasq.ts')).generateDnsmasq(call),
};
