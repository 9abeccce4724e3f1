import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS } from '../options.ts';

export const gatewayUrl: CommandSpec = {
  name: 'gateway-url',
  summary: 'print the URL at which clients outside reach a gateway or a Service, and nothing else',
  args: [],
  options: [
    ['--service <name>', 'Service other than the ingress gateway'],
    ['-n, --namespace <name>', 'namespace of the Service (the one of the gateway)'],
    ['--path <path>', 'path to put behind the address: /productpage'],
    ['--port-name <port>', 'name or number of the port (http2, else http, else 80, else https)'],
    ['--https', 'the port for https'],
    ['--export', 'print assignments for a shell instead: eval "$(meshx gateway-url --export)"'],
    ['--wait', 'wait until the load balancer has an address'],
    ['--timeout <seconds>', 'how long to wait (300)'],
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', 'output'],
  examples: ['gateway-url --path /productpage', 'gateway-url --export', 'gateway-url --service kiali -n istio-system'],
  run: async (call) => (await import('../actions/gateway-url.ts')).gatewayUrl(call),
};
