import { revisionSuffix } from '../../cluster/api/refs.ts';
import { COMMANDS_WITH_RIGHTS, rightsOf } from '../../cluster/rights/rights.ts';
import { rolesOf, type Subject } from '../../cluster/rights/roles.ts';
import { agentPolicyObjects } from '../../mesh/current/agent-policy.ts';
import { parseName } from '../../mesh/names.ts';
import { shown } from '../../problems/mesh.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { formatYaml } from '../../mesh/yaml-text.ts';
import { present } from '../../present.ts';

/** `meshx rbac [COMMAND…]`: reads no cluster, so it needs no rights. */
export function rbac(call: Call): Promise<void> {
  const input = new Input('rbac', call);
  const commands = commandsOf(input);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace')) ?? 'default';
  const istioNamespace = input.parsed('istioNamespace', (text) => parseName(text, 'namespace')) ?? 'istio-system';
  const suffix = revisionSuffix(input.parsed('revision', (text) => parseName(text, 'revision')));
  const subject = subjectOf(input, namespace);
  input.accept();

  const createNamespace = input.flag('createNamespace');
  const agents = input.flag('agents');
  const rights = commands.flatMap((command) => rightsOf(command, { suffix, createNamespace, agents }));
  const roles = rolesOf(rights, { namespace, istioNamespace, ...present({ subject }) });
  const objects = [...roles, ...(agents ? agentPolicyObjects() : [])];
  call.terminal.out(objects.map((object) => `---\n${formatYaml(object)}`).join(''));
  if (rights.some(({ resource }) => resource === 'serviceaccounts/token')) call.terminal.err(tokenNote(namespace));
  if (roles.length === 0) call.terminal.err(`${commands.join(', ')}: no right in a cluster is needed`);
  return Promise.resolve();
}

/** RBAC cannot restrict a rule to an account that does not exist yet. */
function tokenNote(namespace: string): string {
  return `note: serviceaccounts/token lets its holder act as every service account of namespace ${namespace}; keep pods with rights of their own out of it`;
}

/** `expose apply` may come as one word or as two. */
function commandsOf(input: Input): readonly string[] {
  const words = [...input.call.args];
  const commands: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const pair = `${word} ${words[0] ?? ''}`;
    if (COMMANDS_WITH_RIGHTS.includes(pair)) words.shift();
    const name = COMMANDS_WITH_RIGHTS.includes(pair) ? pair : word;
    if (COMMANDS_WITH_RIGHTS.includes(name)) commands.push(name);
    else input.issue(`${shown(word)} is not one of ${COMMANDS_WITH_RIGHTS.join(', ')}`);
  }
  return commands.length === 0 ? COMMANDS_WITH_RIGHTS : commands;
}

function subjectOf(input: Input, namespace: string): Subject | undefined {
  const [user, group] = [input.text('for'), input.text('group')];
  const account = input.parsed('serviceAccount', (text) => parseAccount(text, namespace));
  const subjects: readonly Subject[] = [
    ...(user === undefined ? [] : [{ kind: 'User' as const, name: user }]),
    ...(group === undefined ? [] : [{ kind: 'Group' as const, name: group }]),
    ...(account === undefined ? [] : [account]),
  ];
  if (subjects.length > 1) input.issue('--for, --group and --service-account: only one of them');
  return subjects[0];
}

function parseAccount(text: string, namespace: string): Subject {
  const [name = '', space = namespace] = text.split('/').reverse();
  return {
    kind: 'ServiceAccount',
    name: parseName(name, 'serviceAccount'),
    namespace: parseName(space, 'namespace'),
  };
}
