import { withoutInstalled } from '../../../src/operations/join/workload.ts';
import { aWorkload } from '../../vm/world.ts';

const service = (name: string) => ({ name, ports: [{ name: 'http', number: 8080 }] });
const GROUP = aWorkload({ services: [service('web'), service('shared')] });
const ONLY = { names: ['web'], ofGroup: true, inUse: ['web', 'moved'] };
const FILES = ['web.yaml', 'shared.yaml', 'admin.yaml', 'moved.yaml', '..yaml', 'A b.yaml'];

test('with --prune, the agent also loses services that another VM has already taken out of their group', () => {
  const { services, dropped, ended } = withoutInstalled({ ...GROUP, dropped: ['old'] }, FILES, ONLY);
  expect(services.map(({ name }) => name)).toEqual(['web', 'shared']);
  expect({ dropped, ended }).toEqual({ dropped: ['old', 'admin', 'moved'], ended: ['old', 'admin'] });
});

test('without --prune, and in a group of another owner, the agent keeps the files of all services', () => {
  expect(withoutInstalled(GROUP, FILES, undefined)).toBe(GROUP);
  const foreign = { ...GROUP, foreignGroup: true as const };
  expect(withoutInstalled(foreign, FILES, ONLY)).toBe(foreign);
});
