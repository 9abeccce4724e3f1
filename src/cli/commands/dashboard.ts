import type { CommandSpec } from '../command.ts';
import { LIVE_CLUSTER_OPTIONS, VM_OPTIONS } from '../options.ts';

export const dashboard: CommandSpec = {
  name: 'dashboard',
  summary: 'open a page of the mesh in a browser, through a forwarded port, until Ctrl-C',
  args: [
    ['[page]', 'kiali, grafana, prometheus, jaeger, controlz (of istiod) or envoy (of a VM)'],
    ['[vm]', 'with envoy: the VM, as for setup-vm'],
  ],
  options: [
    ['--address <ip>', 'address to listen on: localhost, an IP address, or auto for the one that leads to the cluster'],
    ['--interface <name>', 'interface on whose address to listen, such as eth0'],
    ['--port <number>', 'port to listen on (that of the page, or any free one)'],
    ['--no-browser', 'print the URL only'],
    ['--list', 'show which add-ons the mesh has'],
    ['--timeout <seconds>', 'how long to wait for a ready pod (60)'],
    ['--ssh-port <number>', 'with envoy: SSH port'],
  ],
  common: [...LIVE_CLUSTER_OPTIONS, ...VM_OPTIONS.filter((name) => name !== 'port' && name !== 'root'), 'output'],
  examples: [
    'dashboard kiali',
    'dashboard kiali --address auto --port 8003 --no-browser',
    'dashboard envoy istio-vm',
    'dashboard --list',
  ],
  run: async (call) => (await import('../actions/dashboard.ts')).dashboard(call),
};
