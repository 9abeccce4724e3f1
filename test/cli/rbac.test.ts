import { parseAllDocuments } from 'yaml';
import { commands } from '../../src/cli/commands.ts';
import { COMMANDS_WITH_RIGHTS, rightsOf } from '../../src/cluster/rights/rights.ts';
import { mergeRights } from '../../src/cluster/rights/roles.ts';
import { agentPolicyObjects } from '../../src/mesh/current/agent-policy.ts';
import { agentRightsObjects } from '../../src/mesh/current/agent-rights.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { expectGolden } from '../support/golden.ts';
import { runCli } from '../support/run-cli.ts';

test('rbac prints a Role for each namespace with its binding, and asks no cluster', async () => {
  const { exitCode, stdout } = await runCli(['rbac', 'register', 'deregister', '-n', 'vm', '--for', 'ada']);
  expect(exitCode).toBe(0);
  expectGolden('cli/rbac/stdout.txt', stdout);
});

test('every command that reads or writes a cluster has its rights in the table', () => {
  // Those of a classic cluster alone, and the one that shows its options without using them.
  const known = [...COMMANDS_WITH_RIGHTS, 'generate-dnsmasq', 'generate-certs', 'config view', 'completion'];
  const asking = commands.filter(({ common }) => common.includes('kubeconfig')).map(({ name }) => name);
  expect(asking.filter((name) => !known.includes(name))).toEqual([]);
});

test('no command may do anything to secrets, to roles, or to everything of a kind', () => {
  for (const command of COMMANDS_WITH_RIGHTS) {
    for (const { group, resource, verbs } of rightsOf(command, { createNamespace: true })) {
      expect(`${group}/${resource}`).not.toMatch(/secrets|rbac|\*/);
      expect(verbs.join()).not.toMatch(/\*|escalate|bind|impersonate|deletecollection/);
    }
  }
});

test('no command gets the right to create pods, which can read every Secret of their namespace', () => {
  const creating = COMMANDS_WITH_RIGHTS.filter((command) =>
    rightsOf(command, { createNamespace: true }).some(
      ({ resource, verbs }) => resource === 'pods' && verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)),
    ),
  );
  expect(creating).toEqual([]);
});

test('the right to make a namespace is given only when it is asked for, and then in a ClusterRole', async () => {
  const without = await runCli(['rbac', 'up', '-n', 'vm']);
  expect(without.stdout).not.toContain('ClusterRole');
  const { stdout } = await runCli(['rbac', 'up', '-n', 'vm', '--create-namespace', '--group', 'dba']);
  const documents = parseAllDocuments(stdout).map((each) => each.toJS() as { kind: string; rules?: unknown });
  expect(documents.find(({ kind }) => kind === 'ClusterRole')?.rules).toEqual([
    { apiGroups: [''], resources: ['namespaces'], verbs: ['create', 'patch'] },
  ]);
});

test('a revision is part of the names that may be read', async () => {
  const { stdout } = await runCli(['rbac', 'up', '-n', 'vm', '--revision', 'canary']);
  expect(stdout).toContain('- istio-canary\n');
  expect(stdout).not.toContain('- istio\n');
});

test('a word that is no command, and two subjects, are refused together', async () => {
  const { exitCode, stderr } = await runCli(['rbac', 'fly', '--for', 'ada', '--group', 'dba']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('fly');
  expect(stderr).toContain('only one of them');
});

test('a right on all objects swallows the same right on some', () => {
  const all = { place: 'workload', group: '', resource: 'services', verbs: ['get', 'list'] } as const;
  expect(mergeRights([all, { ...all, verbs: ['get'], names: ['a'] }])).toEqual([all]);
  expect(mergeRights([all, { ...all, verbs: ['patch'], names: ['a'] }])).toHaveLength(2);
});

test('--agents adds the right to grant an agent its Role, without escalate or bind, and prints the policy', async () => {
  const { stdout } = await runCli(['rbac', 'up', 'evict', '-n', 'vm', '--agents']);
  const documents = parseAllDocuments(stdout).map((each) => each.toJS() as KubeObject);
  expect(documents.slice(-2)).toEqual(agentPolicyObjects());
  const role = documents.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'vm');
  const rules = role?.['rules'] as readonly Rule[];
  const granted = agentRightsObjects({ group: 'db1', namespace: 'vm', serviceAccount: 'db1', entries: ['db1-1'] })[0];
  for (const { apiGroups, resources, verbs } of granted?.['rules'] as readonly Rule[]) {
    const has = rules.filter(
      (rule) => rule.apiGroups[0] === apiGroups[0] && rule.resources.includes(resources[0] ?? ''),
    );
    expect({ resources, verbs: has.flatMap((rule) => rule.verbs) }).toEqual({
      resources,
      verbs: expect.arrayContaining([...verbs]),
    });
  }
  expect(rules.flatMap(({ verbs }) => verbs)).not.toContain('escalate');
  expect(rules.flatMap(({ verbs }) => verbs)).not.toContain('bind');
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
