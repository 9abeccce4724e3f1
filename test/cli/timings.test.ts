import { exampleCluster, exampleImage } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

const image = (...more: readonly string[]) => {
  const words = ['--manifests', exampleCluster('current'), '--root', exampleImage(), '-n', 'vm'];
  return runCli(['setup-vm', 'istio-vm', ...words, '--dry-run', ...more]);
};

test('--timings prints a table of what took time on stderr, and the sums', async () => {
  const ran = await image('--timings');
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toMatch(/^AT +MS +WHAT +NAME +WHERE +SENT +RECEIVED$/m);
  expect(ran.stderr).toMatch(/^\d+ +\d+ +connection +connect /m);
  expect(ran.stderr).toMatch(/^\d+ +\d+ +command +preflight .* \d+ +\d+$/m);
  expect(ran.stderr).toMatch(/^total \d+ ms, 3 round trips, \d+ bytes sent, \d+ received$/m);
});

test('with --output json the timings are JSON, and stdout stays one document', async () => {
  const ran = await image('--timings', '--output', 'json');
  expect(JSON.parse(ran.stdout)).toHaveProperty('vms');
  const line = ran.stderr.split('\n').find((each) => each.startsWith('{"timings"')) ?? '';
  const { timings } = JSON.parse(line) as { timings: { roundTrips: number; spans: readonly { kind: string }[] } };
  expect(timings.roundTrips).toBe(timings.spans.filter(({ kind }) => kind === 'command').length);
});

test('a command that fails prints its timings all the same', async () => {
  const ran = await runCli(['deregister', 'mysqldb', '--manifests', '/nowhere', '--timings']);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toMatch(/^total \d+ ms, 0 round trips/m);
});

test('without --timings nothing is said of time', async () => {
  expect((await image()).stderr).not.toMatch(/round trips/);
});
