import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, ISTIOD_OPTIONS, PRINT_OPTION } from '../options.ts';

export const generateDnsmasq: CommandSpec = {
  name: 'generate-dnsmasq',
  summary: 'write kubedns, the dnsmasq file that resolves mesh names',
  args: [],
  options: [...ISTIOD_OPTIONS, ['--dns-address <ip>', 'current: cluster DNS address reachable from VMs'], PRINT_OPTION],
  common: [...CLUSTER_OPTIONS, 'out', 'output'],
  examples: ['generate-dnsmasq', 'generate-dnsmasq --print'],
  run: async (call) => (await import('../actions/generate.ts')).generateDnsmasq(call),
};
