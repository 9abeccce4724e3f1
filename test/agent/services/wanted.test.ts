import { parseServiceFile, type ServiceDefinition } from '../../../src/agent/services/service-file.ts';
import { planServices, wantedServices } from '../../../src/agent/services/wanted.ts';
import { agentProblems } from '../../../src/problems/agent.ts';

const service = (name: string, port: number, more = ''): ServiceDefinition =>
  parseServiceFile(`${name}.yaml`, `name: ${name}\nports: {tcp: ${port}}\n${more}`);
const [db, web] = [service('db', 3306), service('web', 8080)];
const refused = (file: string) => ({ file, problem: agentProblems.fileRefused({ file, reason: 'test' }) });

test('the services of the folder are wanted, by name', () => {
  expect(wantedServices([], { services: [web, db], refused: [] })).toEqual({ services: [db, web], invalid: [] });
});

test('a file that became unusable keeps its last good definition', () => {
  const { services, invalid } = wantedServices([db, web], { services: [web], refused: [refused('db.yaml')] });
  expect(services).toEqual([db, web]);
  expect(invalid).toEqual([{ file: 'db.yaml', issues: ['db.yaml is ignored: test.'], lastGoodInEffect: true }]);
});

test('a folder that became unusable keeps all definitions', () => {
  const { services, invalid } = wantedServices([db, web], {
    services: [],
    refused: [refused('/etc/meshx/services.d')],
  });
  expect(services).toEqual([db, web]);
  expect(invalid[0]?.lastGoodInEffect).toBe(true);
});

test('a last good definition gives way to a good file that contradicts it', () => {
  const other = service('web', 3306);
  const found = wantedServices([db], { services: [other], refused: [refused('db.yaml')] });
  expect(found.services).toEqual([other]);
  expect(found.invalid[0]?.lastGoodInEffect).toBe(false);
});

test('a removed file leaves no definition', () => {
  expect(wantedServices([db, web], { services: [web], refused: [] }).services).toEqual([web]);
});

test('the plan names what to add, to change and to remove, and is empty when nothing changed', () => {
  const changed = service('web', 8080, 'weight: 3\n');
  expect(planServices([db, web], [changed, service('mail', 25)])).toEqual([
    { kind: 'remove', definition: db },
    { kind: 'update', definition: changed },
    { kind: 'add', definition: service('mail', 25) },
  ]);
  expect(planServices([db, changed], [service('db', 3306), service('web', 8080, 'weight: 3\n')])).toEqual([]);
});
