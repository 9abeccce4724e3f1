import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';
import { CIDR_OPTION, ISTIOD_OPTIONS } from './option-groups.ts';

export const adopt: CommandSpec = {
  name: 'adopt',
  summary: 'take over a VM that was joined by hand with istioctl; the sidecar runs on where nothing differs',
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--unit <name>', 'unit whose main process is the agent (istio.service)'],
    ['--workload-group <name>', 'its WorkloadGroup, instead of what the agent says'],
    ['-s, --service-account <name>', 'its service account, instead of what the agent says'],
    ['--vm-address <ip>', 'its address in the mesh, where SSH reaches it by another one'],
    ['--exclude-ports <ports...>', 'inbound ports that are never captured, besides SSH'],
    ['--mesh-service <name:port>', 'a service of the mesh that the proof reaches: NAME[.NAMESPACE]:PORT[/PATH]'],
    CIDR_OPTION,
    ...ISTIOD_OPTIONS,
  ],
  common: [
    ...CLUSTER_OPTIONS,
    ...VM_OPTIONS,
    ...PLAN_OPTIONS,
    ...RESTART_OPTIONS,
    'confirmWithin',
    'namespace',
    'acceptRisk',
  ],
  examples: ['adopt istio-vm --dry-run', 'adopt istio-vm --yes', 'adopt istio-vm --yes --restart'],
  run: async (call) => (await import('../actions/adopt.ts')).adopt(call),
};
