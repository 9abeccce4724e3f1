import type { CommandSpec } from '../command.ts';

export const rbac: CommandSpec = {
  name: 'rbac',
  summary: 'print the roles that commands need in a current cluster, as YAML for kubectl',
  args: [['[command...]', 'command names, for example up or "expose apply" (default: all)']],
  options: [
    ['--for <user>', 'bind the roles to this user'],
    ['--group <name>', 'bind them to this group'],
    ['-s, --service-account <name>', 'bind them to a service account: NAME or NAMESPACE/NAME'],
    ['--create-namespace', 'include the cluster-wide right to create namespaces'],
    ['--agents', 'include the right to grant agents their rights, and the policy that limits agents'],
  ],
  common: ['namespace', 'istioNamespace', 'revision'],
  examples: ['rbac up -n vm --for ada', 'rbac register deregister -n vm --service-account ci/deployer'],
  run: async (call) => (await import('../actions/rbac.ts')).rbac(call),
};
