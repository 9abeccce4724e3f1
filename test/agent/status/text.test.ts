import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseSnapshot } from '../../../src/agent/status/parse-snapshot.ts';
import { summaryOf } from '../../../src/agent/status/text.ts';
import { runCli, temporaryFolder } from '../../support/run-cli.ts';
import { expectGolden } from '../../support/golden.ts';
import { EXAMPLE, NOW } from './snapshot-example.ts';

/** An agent that gives this answer. */
async function answering(body: string) {
  const socket = join(temporaryFolder(), 'agent.sock');
  const server = createServer((_request, response) => response.end(body)).listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  const status = (...words: readonly string[]) =>
    runCli(['agent', 'status', '--socket', socket, ...words], { now: () => NOW });
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { status, [Symbol.asyncDispose]: close };
}

test('the state of the agent as text', async () => {
  await using agent = await answering(JSON.stringify(EXAMPLE));
  const { stdout, stderr, exitCode } = await agent.status();
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expectGolden('cli/agent-status/stdout.txt', stdout);
});

test.each(['json', 'yaml'])('the state of the agent as %s', async (format) => {
  await using agent = await answering(JSON.stringify(EXAMPLE));
  const { stdout } = await agent.status('-o', format);
  expectGolden(`cli/agent-status/status.${format}`, stdout);
});

test('an agent that watches nothing yet', async () => {
  const { since } = EXAMPLE.reporter;
  const reporter = { mode: 'health-channel', since, reason: 'the settings name no API server', unwatched: 'hidden' };
  const bare = { ...EXAMPLE, services: [], invalidFiles: [], deviations: [], judged: false, reporter };
  await using agent = await answering(JSON.stringify({ ...bare, agent: { ...bare.agent, observe: true } }));
  expectGolden('cli/agent-status/bare.txt', (await agent.status()).stdout);
});

test.each([
  ['text', 'not its document'],
  ['{}', 'version'],
  [JSON.stringify({ ...EXAMPLE, judged: 'yes' }), 'judged'],
  [JSON.stringify({ ...EXAMPLE, services: [{ ...EXAMPLE.services[0], state: 'odd' }] }), 'services.0.state'],
  [JSON.stringify({ ...EXAMPLE, version: 2 }), 'version'],
])('the answer %.30s is refused', async (body, part) => {
  await using agent = await answering(body);
  const { stderr, exitCode } = await agent.status();
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain agent-answer-unreadable');
  expect(stderr).toContain(part);
});

test('a service whose reason would drive the terminal is shown harmlessly', async () => {
  const services = [{ ...EXAMPLE.services[2]!, reason: '\u001b[2J\nready' }];
  await using agent = await answering(JSON.stringify({ ...EXAMPLE, services }));
  const { stdout } = await agent.status();
  expect(stdout).toContain('\\u001b[2J\\nready');
  expect(stdout).not.toContain('\u001b');
});

test('no agent is a Problem that says which socket was asked', async () => {
  const { stderr, exitCode } = await runCli(['agent', 'status', '--socket', '/nonexistent/agent.sock']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('No agent answers on /nonexistent/agent.sock: ENOENT.');
});

test('a snapshot is the same after a way through JSON', () => {
  expect(parseSnapshot(JSON.stringify(EXAMPLE))).toEqual(EXAMPLE);
});

test.each([
  [
    'cliff',
    'certificate ends in 5 h',
    /^Identity {2}certificate until .*; may be switched off until .*; certificate ends in 5 h$/m,
  ],
  ['lost', 'certificate and tokens have ended', /^Identity {2}lost: certificate and tokens have ended; run/m],
])('an identity at its %s is shown with its reason', async (state, reason, line) => {
  const identity = { ...EXAMPLE.identity, state, reason };
  await using agent = await answering(JSON.stringify({ ...EXAMPLE, identity }));
  expect((await agent.status()).stdout).toMatch(line);
});

test('the line for systemd names what is out of rotation', () => {
  expect(summaryOf(EXAMPLE)).toBe(
    "2 of 3 services in rotation; web down; 2 invalid files; capture's rules: repaired; reports to the API server",
  );
  expect(summaryOf({ ...EXAMPLE, services: [], invalidFiles: [], deviations: [], judged: false })).toBe(
    '0 of 0 services in rotation; not judged yet; reports to the API server',
  );
});

test.each([
  [
    { kind: 'external', place: 'ca.example.test:443' },
    /from an external CA \(ca.example.test:443\); may be switched off/,
  ],
  [{ kind: 'files', place: 'FILE_MOUNTED_CERTS' }, /from files that others renew \(FILE_MOUNTED_CERTS\);/],
  [{ kind: 'workload-api', place: '/run/x/socket' }, /from a SPIFFE agent \(\/run\/x\/socket\);/],
])('who gives the certificates is shown where it is not istiod: %j', async (authority, line) => {
  const identity = { ...EXAMPLE.identity, authority, trust: 'the sidecar has no connection to istiod' };
  await using agent = await answering(JSON.stringify({ ...EXAMPLE, identity }));
  const { stdout } = await agent.status();
  expect(stdout).toMatch(line);
  expect(stdout).toContain('; the sidecar has no connection to istiod\n');
});
