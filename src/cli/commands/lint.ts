import type { CommandSpec } from '../command.ts';

export const lint: CommandSpec = {
  name: 'lint',
  summary: 'find what breaks a mesh in files of Kubernetes YAML, without a cluster',
  args: [['<file...>', 'file of YAML or JSON, a folder with such files at any depth, or - for stdin']],
  options: [
    ['-n, --namespace <name>', 'namespace of objects that name none (default)'],
    ['--cluster-domain <domain>', 'DNS domain of the cluster (cluster.local)'],
    ['-o, --output <format>', 'text, short, json, yaml, sarif or junit'],
  ],
  common: ['namespace', 'output'],
  examples: ['lint bookinfo.yaml destination-rules.yaml', 'lint clusters/prod', 'lint -n vm -o sarif -'],
  run: async (call) => (await import('../actions/lint.ts')).lint(call),
};
