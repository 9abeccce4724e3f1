import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

const drained = (verb: 'drain' | 'undrain', summary: string): CommandSpec => ({
  name: verb,
  summary,
  args: [
    ['<vm>', 'as for setup-vm'],
    ['[service...]', 'all services of the VM when absent'],
  ],
  options: [['--wait-timeout <seconds>', 'how long to wait (600)']],
  common: [...VM_OPTIONS, 'output'],
  examples: [`${verb} istio-vm mysqldb`, `${verb} istio-vm`],
  run: async (call) => (await import('../actions/drain.ts')).drain(call, verb),
});

export const drain = drained('drain', 'take services of a VM out of rotation, and wait for their connections');
export const undrain = drained('undrain', 'put drained services of a VM back into rotation');
