import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutations } from './audit.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const AT = Date.parse('2026-01-01T00:00:10Z');

function event(verb: string, uri: string, resource: string, second = 11): string {
  return JSON.stringify({
    user: { username: 'operator' },
    verb,
    requestURI: uri,
    objectRef: { resource, namespace: 'vm', name: 'mysqldb' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: `2026-01-01T00:00:${second}.000000Z`,
  });
}

test('only what changed something, or asked to, after the moment counts as a mutation', async () => {
  const file = join(folder, 'audit.log');
  const lines = [
    event('patch', '/api/v1/namespaces/vm/services/mysqldb', 'services', 9),
    event('get', '/api/v1/namespaces/vm/services/mysqldb', 'services'),
    event('patch', '/api/v1/namespaces/vm/services/mysqldb?dryRun=All&fieldManager=meshx', 'services'),
    event('create', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'selfsubjectaccessreviews'),
    event('delete', '/api/v1/namespaces/vm/services/mysqldb', 'services'),
    '{"cut off',
  ];
  writeFileSync(file, lines.join('\n'));
  const found = await mutations(file, AT);
  expect(found.map(({ verb, object }) => `${verb} ${object}`)).toEqual(['delete services/mysqldb in namespace vm']);
});
