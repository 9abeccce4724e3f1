import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

const COMMON = [...CLUSTER_OPTIONS, ...PLAN_OPTIONS] as const;

const PROVIDER = [
  '--provider <name>',
  'cloud whose internal load balancers to use: gcp, azure, aws or none (detected from the nodes)',
] as const;
const WAIT = ['--wait', 'wait until every load balancer has an address'] as const;
const TIMEOUT = ['--timeout <seconds>', 'how long to wait (300)'] as const;
const DNS = ['--dns', 'also expose the cluster DNS (always on for classic)'] as const;
const WAYS = [
  ['--external-ip <ip>', 'use a free address of the node network instead of a load balancer'],
  ['--node-port', 'use a port on every node instead of a load balancer'],
  ['--mode <mode>', 'gateway (through the east-west gateway) or direct (straight to istiod)'],
  ['--dns-tcp', 'add a second DNS load balancer for TCP'],
] as const;

export const exposeApply: CommandSpec = {
  name: 'expose apply',
  summary: 'make the control plane reachable from VMs',
  args: [],
  options: [
    PROVIDER,
    ...WAYS,
    DNS,
    WAIT,
    TIMEOUT,
    ['--print', 'print the manifests for kubectl apply -f - without changing anything'],
  ],
  common: COMMON,
  examples: ['expose apply --provider gcp --wait', 'expose apply --print'],
  run: async (call) => (await import('../actions/expose.ts')).exposeApply(call),
};

export const exposeStatus: CommandSpec = {
  name: 'expose status',
  summary: 'show the load balancers; fail if one has no address',
  args: [],
  options: [WAIT, TIMEOUT],
  common: [...CLUSTER_OPTIONS, 'output'],
  examples: ['expose status', 'expose status --wait --timeout 60'],
  run: async (call) => (await import('../actions/expose.ts')).exposeStatus(call),
};

export const exposeDelete: CommandSpec = {
  name: 'expose delete',
  summary: 'delete what expose apply created, and nothing else',
  args: [],
  options: [['--wait', 'wait until the load balancers are gone, and, with --project, their forwarding rules'], TIMEOUT],
  common: COMMON,
  examples: ['expose delete --yes', 'expose delete --dry-run', 'expose delete --yes --wait --project my-project'],
  run: async (call) => (await import('../actions/expose.ts')).exposeDelete(call),
};
