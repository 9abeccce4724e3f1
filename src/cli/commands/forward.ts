import type { CommandSpec } from '../command.ts';
import { LIVE_CLUSTER_OPTIONS } from '../options.ts';

export const forward: CommandSpec = {
  name: 'forward',
  summary: 'forward a port of this machine to the ingress gateway or to istiod, until Ctrl-C',
  args: [['<target>', 'gateway or istiod']],
  options: [
    ['--listen <place>', 'where to listen: ADDRESS:PORT, such as 0.0.0.0:8888 or [::]:15012'],
    ['--service <name>', 'Service other than the ingress gateway'],
    ['-n, --namespace <name>', 'namespace of that Service'],
    ['--port-name <port>', 'name or number of the port (http2, else http, else 80, else https)'],
    ['--timeout <seconds>', 'how long to wait for a ready pod (60)'],
  ],
  common: [...LIVE_CLUSTER_OPTIONS, 'namespace'],
  examples: ['forward gateway --listen 0.0.0.0:8888', 'forward istiod --listen 10.224.192.140:15012'],
  run: async (call) => (await import('../actions/dashboard.ts')).forward(call),
};
