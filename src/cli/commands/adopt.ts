import type { CommandSpec } from '../command.ts';
import { CIDR_OPTION, CLUSTER_OPTIONS, ISTIOD_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const adopt: CommandSpec = {
  name: 'adopt',
  summary: 'take over a VM that was joined by hand with istioctl, without restarting an unchanged sidecar',
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--unit <name>', 'unit that runs the agent as its main process (istio.service)'],
    ['--workload-group <name>', 'its WorkloadGroup (default: what the agent uses)'],
    ['-s, --service-account <name>', 'its service account (default: what the agent uses)'],
    ['--vm-address <ip>', 'its mesh address, if SSH uses a different one'],
    ['--exclude-ports <ports...>', 'inbound ports to exclude from capture, besides SSH'],
    ['--mesh-service <name:port>', 'mesh service to test from the VM: NAME[.NAMESPACE]:PORT[/PATH]'],
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
