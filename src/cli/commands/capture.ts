import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const capture: CommandSpec = {
  name: 'capture',
  summary:
    "turn a VM's traffic capture off or on, show its state, show or check its rules, or explain where a connection goes",
  args: [
    ['<vm>', 'as for setup-vm'],
    ['<verb>', 'off, on, status, show, check or explain'],
  ],
  options: [
    ['--uid <user>', 'explain: user of the process that connects, name or number'],
    ['--to <ip:port>', 'explain: destination of a connection from the VM'],
    ['--inbound <port>', 'explain: a connection to this port of the VM'],
    ['--from <ip>', 'explain: source address (default: the one that the route gives)'],
    ['--udp', 'explain: UDP instead of TCP'],
  ],
  common: [...VM_OPTIONS, 'dryRun', 'output', 'confirmWithin'],
  examples: [
    'capture istio-vm status',
    'capture istio-vm off',
    'capture istio-vm on --output json',
    'capture istio-vm explain --uid 33 --to 10.1.2.3:443',
    'capture istio-vm explain --inbound 3306',
    'capture istio-vm check',
  ],
  run: async (call) => {
    const verb = call.args[1] ?? '';
    if (verb === 'show' || verb === 'check' || verb === 'explain')
      await (await import('../actions/capture-rules.ts')).captureRules(call, verb);
    else await (await import('../actions/capture.ts')).capture(call);
  },
};
