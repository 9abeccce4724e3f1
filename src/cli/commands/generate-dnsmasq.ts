import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS } from '../options.ts';
import { ISTIOD_OPTIONS, PRINT_OPTION } from './option-groups.ts';

export const generateDnsmasq: CommandSpec = {
  name: 'generate-dnsmasq',
  summary: 'write kubedns, the dnsmasq file that resolves mesh names',
  args: [],
  options: [...ISTIOD_OPTIONS, ['--dns-address <ip>', 'current: cluster DNS address reachable from VMs'], PRINT_OPTION],
  common: [...CLUSTER_OPTIONS, 'out', 'output'],
  examples: ['generate-dnsmasq', 'generate-dnsmasq --print'],
  run: async (call) => (await import('../actions/generate-dnsmasq.ts')).generateDnsmasq(call),
};
