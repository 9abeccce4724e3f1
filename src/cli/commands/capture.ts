import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const capture: CommandSpec = {
  name: 'capture',
  summary: "take a VM's traffic out of the sidecar and bring it back, or see how it stands",
  args: [
    ['<vm>', 'as for setup-vm'],
    ['<verb>', 'off, on or status'],
  ],
  options: [],
  common: [...VM_OPTIONS, 'output', 'confirmWithin'],
  examples: ['capture istio-vm status', 'capture istio-vm off', 'capture istio-vm on --output json'],
  run: async (call) => (await import('../actions/capture.ts')).capture(call),
};
