import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS } from '../options.ts';

export const generateCerts: CommandSpec = {
  name: 'generate-certs',
  summary: 'classic: write the key and the certificates of a service account, as files for a VM',
  args: [
    ['[account]', 'service account (default)'],
    ['[namespace]', 'its namespace (that of -n, of the context, or default)'],
  ],
  options: [],
  common: [...CLUSTER_OPTIONS, 'namespace', 'out'],
  examples: ['generate-certs', 'generate-certs default vm --out files'],
  run: async (call) => (await import('../actions/generate.ts')).generateCerts(call),
};
