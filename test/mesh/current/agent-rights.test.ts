import { stringify } from 'yaml';
import { agentPolicyObjects } from '../../../src/mesh/current/agent-policy.ts';
import { agentRightsObjects } from '../../../src/mesh/current/agent-rights.ts';
import { currentObjects } from '../../../src/mesh/current/registration.ts';
import { expectGolden } from '../../support/golden.ts';
import { mysqlWorkload } from '../support.ts';

const GRANT = { group: 'db1', namespace: 'vm', serviceAccount: 'db', entries: ['db1-10.150.0.6', 'db1-10.150.0.5'] };
const yaml = (objects: readonly object[]): string =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');

test('the rights of an agent and the policy that limits them are byte for byte', () => {
  expectGolden('mesh/current/agents/rights.yaml', yaml(agentRightsObjects(GRANT)));
  expectGolden('mesh/current/agents/policy.yaml', yaml(agentPolicyObjects()));
});

test('every object is named, and no rule reaches all objects of a kind, except to make events', () => {
  const rules = agentRightsObjects(GRANT)[0]?.['rules'] as readonly {
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  const unnamed = rules.filter(({ resourceNames = [] }) => resourceNames.length === 0);
  expect(unnamed).toEqual([{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] }]);
  expect(rules.flatMap(({ verbs }) => verbs)).not.toContain('*');
});

test('a registration makes the limits before the rights, and the limits only while they are missing', () => {
  const registration = { workload: mysqlWorkload(), agentEntries: GRANT.entries };
  const kinds = currentObjects({ ...registration, agentPolicy: true }).map(({ kind }) => kind);
  const last = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'Role', 'RoleBinding'];
  expect(kinds.slice(-4)).toEqual(last);
  const without = currentObjects(registration).map(({ kind }) => kind);
  expect(without.slice(-2)).toEqual(['Role', 'RoleBinding']);
  expect(without).not.toContain('ValidatingAdmissionPolicy');
});

test('the order of entries changes nothing', () => {
  const entries = GRANT.entries.toReversed();
  expect(agentRightsObjects({ ...GRANT, entries })).toEqual(agentRightsObjects(GRANT));
});
