import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anExample, type Example, joining } from '../support/joined-example.ts';
import { runCli } from '../support/run-cli.ts';

const BEFORE = 'passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n';
const LINE = 'netgroup: nis\n';
const NSSWITCH = '/etc/nsswitch.conf';

/** An image with nss-resolve, joined; then someone appends a line. */
async function appended() {
  const at = anExample();
  const file = join(at.root, NSSWITCH);
  writeFileSync(file, BEFORE);
  const mode = statSync(file).mode;
  const up = await runCli(['setup-vm', ...joining(at)]);
  expect(up.exitCode).toBe(0);
  const joined = readFileSync(file, 'utf8');
  expect(joined).toContain('hosts: files dns resolve');
  appendFileSync(file, LINE);
  return { ...at, file, mode, joined };
}

const down = (at: Example, ...more: readonly string[]) =>
  runCli(['down', 'istio-vm', '--root', at.root, '--manifests', at.cluster, '--yes', ...more]);

test('a line that someone appended to nsswitch.conf stays when the VM leaves', async () => {
  const at = await appended();
  expect(await down(at)).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("remove meshx's lines from") });
  expect(readFileSync(at.file, 'utf8')).toBe(BEFORE + LINE);
});

test('--restore gives back nsswitch.conf as it was before, without the line that someone appended', async () => {
  const at = await appended();
  expect((await runCli(['setup-vm', ...joining(at)])).exitCode).toBe(0);
  expect(readFileSync(at.file, 'utf8')).toBe(at.joined + LINE);
  expect(await down(at, '--restore', NSSWITCH)).toMatchObject({ exitCode: 0 });
  expect([readFileSync(at.file, 'utf8'), statSync(at.file).mode]).toEqual([BEFORE, at.mode]);
});

test('--keep leaves nsswitch.conf as it is, with the order of meshx and the line that someone appended', async () => {
  const at = await appended();
  expect(await down(at, '--keep', NSSWITCH)).toMatchObject({ exitCode: 0 });
  expect(readFileSync(at.file, 'utf8')).toBe(at.joined + LINE);
});

test('--restore is refused for nsswitch.conf that only meshx has changed', async () => {
  const at = await appended();
  writeFileSync(at.file, at.joined);
  const refused = await down(at, '--restore', NSSWITCH);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('path-not-kept') });
  expect(await down(at)).toMatchObject({ exitCode: 0 });
  expect(readFileSync(at.file, 'utf8')).toBe(BEFORE);
});
