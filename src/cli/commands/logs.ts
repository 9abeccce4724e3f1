import type { CommandSpec } from '../command.ts';
import { LIVE_CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const logs: CommandSpec = {
  name: 'logs',
  summary: "show the access log of a VM's sidecar, joined with those of its clients and servers",
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['-f, --follow', 'show new lines until Ctrl-C'],
    ['--client <pod...>', 'pod whose requests are shown: POD or POD.NAMESPACE; the VM itself by its name'],
    ['--server <pod...>', 'pod that takes requests in: POD or POD.NAMESPACE; the VM itself by its name'],
    ['--request-id <id>', 'this request only, on every side'],
    ['--tail <lines>', 'how many lines of each log (200)'],
  ],
  common: [...LIVE_CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS, 'output'],
  examples: [
    'logs istio-vm',
    'logs istio-vm -f --client ratings-v2-7d9f8',
    'logs istio-vm --server httpbin-7965799df7-ll75q.default --request-id 45dd6431-49cf-9bcf-b611-1d319c56eb2e',
  ],
  run: async (call) => (await import('../actions/logs.ts')).logs(call),
};
