import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const audit: CommandSpec = {
  name: 'audit',
  summary: 'show which runs changed a VM, and verify that the record is intact',
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--export <file>', 'save the record as it is on the VM, one JSON line per event'],
    ['--head <sha256>', 'head printed by an earlier audit; it must still be in the record'],
  ],
  common: [...VM_OPTIONS, 'output'],
  examples: ['audit istio-vm', 'audit istio-vm --export audit.jsonl', 'audit istio-vm -o json'],
  run: async (call) => (await import('../actions/audit.ts')).audit(call),
};
