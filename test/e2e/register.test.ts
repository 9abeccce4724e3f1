import { Lab } from '../lab/lab.ts';

const IP = '10.150.0.70';
const URL = 'http://legacy.fixed.svc.cluster.local:8000/';
const REGISTER = ['register', 'legacy', IP, 'http:8000', '-n', 'fixed', '--create-namespace'];

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.host('plain', IP);
  const program = `${lab.names.project}/test/lab/guest/lab-http.py`;
  await lab.processes.start('http-plain', { argv: ['python3', program, '8000'], namespace: `${lab.names.lab}-plain` });
}, 60_000);

afterAll(async () => {
  await lab.processes.stop('http-plain');
  await lab.removeMembers();
}, 60_000);

const status = async (from: string): Promise<string> =>
  (await lab.in(from, ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '4', URL])).stdout;

test('a service on a machine without a sidecar is reached by the mesh under its name', async () => {
  const ran = await lab.meshx(REGISTER);
  expect(ran.stderr + ran.stdout).toContain(`Registering for service 'legacy' ip '${IP}', ports list [{8000 http}]`);
  expect(ran.exitCode).toBe(0);
  await lab.pod('asker', '10.150.0.23', { namespace: 'fixed' });
  await lab.waitFor('the service to answer in the mesh', async () => (await status('asker')) === '200');
}, 90_000);

test('a second registration sends no mutating request', async () => {
  const since = Date.now();
  const ran = await lab.meshx(REGISTER);
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout + ran.stderr).toContain('no changes');
  expect(await lab.auditMutations(since)).toEqual([]);
}, 60_000);

test('a second address makes the service have two endpoints, and taking one away leaves the other', async () => {
  const more = await lab.meshx(['register', 'legacy', '10.150.0.71', 'http:8000', '-n', 'fixed']);
  expect(more.exitCode).toBe(0);
  const entries = async (): Promise<string> => await lab.kubectl(['-n', 'fixed', 'get', 'workloadentry', '-o', 'name']);
  expect((await entries()).trim().split('\n')).toHaveLength(2);
  const less = await lab.meshx(['deregister', 'legacy', '10.150.0.71', '-n', 'fixed', '--yes']);
  expect(less.exitCode).toBe(0);
  expect((await entries()).trim().split('\n')).toHaveLength(1);
  expect(await status('asker')).toBe('200');
}, 60_000);

test('deregister takes the last address and the Service that meshx made', async () => {
  const ran = await lab.meshx(['deregister', 'legacy', '-n', 'fixed', '--yes']);
  expect(ran.exitCode).toBe(0);
  expect(await lab.kubectl(['-n', 'fixed', 'get', 'workloadentry,service', '-o', 'name'])).toBe('');
  await lab.waitFor('the name to be gone', async () => (await status('asker')) !== '200');
}, 60_000);

test('a service that is there already and belongs to someone else is left as it is; only the entry is added', async () => {
  const service = `
apiVersion: v1
kind: Service
metadata: { name: theirs, namespace: fixed }
spec: { selector: { app: theirs }, ports: [{ name: http, port: 8000, targetPort: 8000 }] }
`;
  await lab.kubectl(['apply', '-f', '-'], service);
  const spec = async (): Promise<string> =>
    await lab.kubectl(['-n', 'fixed', 'get', 'service', 'theirs', '-o', 'jsonpath={.metadata.labels}{.spec}']);
  const before = await spec();
  const ran = await lab.meshx(['register', 'theirs', IP, 'http:8000', '-n', 'fixed']);
  expect({ exitCode: ran.exitCode, output: ran.exitCode ? ran.stderr : '' }).toEqual({ exitCode: 0, output: '' });
  expect(await spec()).toBe(before);
  const answers = async (): Promise<boolean> =>
    (
      await lab.in('asker', [
        'curl',
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '--max-time',
        '4',
        'http://theirs.fixed:8000/',
      ])
    ).stdout === '200';
  await lab.waitFor('the service to answer', answers);
}, 60_000);
