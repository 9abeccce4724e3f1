import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

const COMMON = [...CLUSTER_OPTIONS, ...PLAN_OPTIONS] as const;

const PROVIDER = [
  '--provider <name>',
  'gcp, azure, aws or none: whose internal load balancers (what the nodes say)',
] as const;
const WAIT = ['--wait', 'wait until every load balancer has an address'] as const;
const TIMEOUT = ['--timeout <seconds>', 'how long to wait (300)'] as const;
const DNS = ['--dns', 'the load balancer of the cluster DNS too (classic: always)'] as const;
const WAYS = [
  ['--external-ip <ip>', 'a free address of the nodes, in place of a load balancer'],
  ['--node-port', 'a port of every node, in place of a load balancer'],
  ['--mode <mode>', 'gateway or direct: through the east-west gateway or straight to istiod'],
  ['--dns-tcp', 'a second DNS load balancer for TCP'],
] as const;

export const exposeApply: CommandSpec = {
  name: 'expose apply',
  summary: 'make the control plane reachable for VMs',
  args: [],
  options: [
    PROVIDER,
    ...WAYS,
    DNS,
    WAIT,
    TIMEOUT,
    ['--print', 'print the manifests for kubectl apply -f - and change nothing'],
  ],
  common: COMMON,
  examples: ['expose apply --provider gcp --wait', 'expose apply --print'],
  run: async (call) => (await import('../actions/expose.ts')).exposeApply(call),
};

export const exposeStatus: CommandSpec = {
  name: 'expose status',
  summary: 'show the load balancers and fail while one has no address',
  args: [],
  options: [WAIT, TIMEOUT],
  common: [...CLUSTER_OPTIONS, 'output'],
  examples: ['expose status', 'expose status --wait --timeout 60'],
  run: async (call) => (await import('../actions/expose.ts')).exposeStatus(call),
};

export const exposeDelete: CommandSpec = {
  name: 'expose delete',
  summary: 'delete what expose apply made, and nothing else',
  args: [],
  options: [
    ['--wait', 'wait until the load balancers are gone; with a project, until its forwarding rules are'],
    TIMEOUT,
  ],
  common: COMMON,
  examples: ['expose delete --yes', 'expose delete --dry-run', 'expose delete --yes --wait --project my-project'],
  run: async (call) => (await import('../actions/expose.ts')).exposeDelete(call),
};
