import { ownEndpoints } from '../../../src/operations/verify/own-endpoints.ts';
import type { ServiceFacts } from '../../../src/operations/verify/service-facts.ts';
import { portMeaning } from '../../../src/mesh/protocol.ts';
import { hostProblems } from '../../../src/problems/host.ts';
import { AnsweringHost } from '../../support/answering-host.ts';

const PORT = { number: 8080, name: 'http' };
// as: only the ports are asked for.
const service = {
  host: 'web.vm.svc.cluster.local',
  ports: [{ port: PORT, meaning: portMeaning(PORT), endpoints: ['10.150.0.5:8080'] }],
} as unknown as ServiceFacts;
const { signal } = new AbortController();
const doing = { host: 'vm1', doing: 'a question' };

test.each([
  ['the right to be root', hostProblems.sudoRefused({ ...doing, said: 'a password is required' }), 'skipped'],
  ['a root program that knows the question', hostProblems.rootProgramLacks(doing), 'skipped'],
  ['an answer in time', hostProblems.timedOut({ ...doing, ms: 5000 }), false],
  ['a connection', hostProblems.connectionLost({ ...doing, reason: 'reset' }), false],
])('without %s the own endpoint is not called right', async (_what, problem, ok) => {
  const host = new AnsweringHost(() => Promise.reject(problem));
  const [result, ...more] = await ownEndpoints({ service, host, signal });
  expect(more).toEqual([]);
  expect(result).toMatchObject({ id: 'own-endpoint', ok, detail: problem.message, hint: problem.hint });
});

test('what is no Problem is thrown', async () => {
  const host = new AnsweringHost(() => Promise.reject(new RangeError('a bug')));
  await expect(ownEndpoints({ service, host, signal })).rejects.toThrow('a bug');
});
