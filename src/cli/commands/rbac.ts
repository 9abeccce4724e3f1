import type { CommandSpec } from '../command.ts';

export const rbac: CommandSpec = {
  name: 'rbac',
  summary: 'print the roles that commands need in a current cluster, as YAML for kubectl',
  args: [['[command...]', 'commands by their names, as up or "expose apply"; all when none is named']],
  options: [
    ['--for <user>', 'bind the roles to this user'],
    ['--group <name>', 'bind them to this group'],
    ['-s, --service-account <name>', 'bind them to a service account: NAME or NAMESPACE/NAME'],
    ['--create-namespace', 'with the right to make a namespace, in the whole cluster'],
  ],
  common: ['namespace', 'istioNamespace', 'revision'],
  examples: ['rbac up -n vm --for ada', 'rbac register deregister -n vm --service-account ci/deployer'],
  run: async (call) => (await import('../actions/rbac.ts')).rbac(call),
};
