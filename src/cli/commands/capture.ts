import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const capture: CommandSpec = {
  name: 'capture',
  summary: "turn a VM's traffic capture off or on, or show its state",
  args: [
    ['<vm>', 'as for setup-vm'],
    ['<verb>', 'off, on or status'],
  ],
  options: [],
  common: [...VM_OPTIONS, 'dryRun', 'output', 'confirmWithin'],
  examples: ['capture istio-vm status', 'capture istio-vm off', 'capture istio-vm on --output json'],
  run: async (call) => (await import('../actions/capture.ts')).capture(call),
};
