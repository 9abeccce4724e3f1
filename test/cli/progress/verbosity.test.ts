import { chmodSync, chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage, examplePackage } from '../../support/examples.ts';
import { runCli, temporaryFolder } from '../../support/run-cli.ts';

/** A join of an image, some files of it: enough to see what is printed. */
function image(more: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = temporaryFolder()) {
  const where = ['--root', exampleImage(), '--manifests', exampleCluster('current'), '--package', examplePackage];
  return runCli(
    ['setup-vm', 'istio-vm', ...where, '-n', 'vm', '--service', 'mysqldb:3306', '--only', 'cluster-env', ...more],
    {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
    },
  );
}

describe('how much of a run is printed', () => {
  test('--quiet prints the result and no progress', async () => {
    const { stdout, stderr, exitCode } = await image(['--quiet']);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatch(/^istio-vm: done, \d+ changes/);
  });

  test('--quiet keeps problems and warnings', async () => {
    const { stderr, exitCode } = await image(['-q', '--only', 'nothing'], { MESHX_ABCDEFGHIJKLM: '1' });
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/^warning: MESHX_ABCDEFGHIJKLM/m);
    expect(stderr).toMatch(/^meshx: /m);
  });

  test('--verbose adds when a step starts, how long it took, and what was uploaded', async () => {
    const { stderr } = await image(['-v', '--only', 'package']);
    expect(stderr).toMatch(/^> Connect\n(.*\n)*> Inspect the VM$/m);
    expect(stderr).toMatch(/^> (.+)\n(.*\n)*< \1: \d+ ms$/m);
    expect(stderr).toMatch(/^ {2}[a-z-]+: \d+ bytes sent$/m);
    expect(stderr).not.toMatch(/^debug: /m);
  });

  test('--debug adds each command with its exit code, time and bytes, and no text of a script', async () => {
    const { stderr } = await image(['--debug']);
    const lines = stderr.split('\n').filter((line) => line.startsWith('debug: '));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /: command [a-z-]+: exit code 0, \d+ ms, \d+ bytes sent, \d+ bytes received \| meshx-[a-z-]+/,
      ),
    );
    expect(lines.filter((line) => line.length > 2000)).toEqual([]);
  });

  test('variables and options mean the same; contradictions are refused', async () => {
    expect((await image([], { MESHX_QUIET: 'true' })).stderr).toBe('');
    const { exitCode, stderr } = await image(['--quiet', '--debug']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--quiet: it contradicts --debug');
  });
});

describe('--log-file', () => {
  test('keeps what --debug prints for its owner alone, whatever the terminal shows', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'log'), 'before\n');
    chmodSync(join(cwd, 'log'), 0o644);
    const { stderr, stdout } = await image(['--quiet', '--log-file', 'log'], {}, cwd);
    expect(stderr).toBe('');
    const text = readFileSync(join(cwd, 'log'), 'utf8');
    expect(statSync(join(cwd, 'log')).mode & 0o777).toBe(0o600);
    expect(text).toMatch(/^before\n\d{4}-\d\d-\d\dT[\d:.]+Z meshx 0\.0\.0-test: meshx setup-vm istio-vm /);
    expect(text).toMatch(/Z > Inspect the VM$/m);
    expect(text).toMatch(/Z debug: /);
    expect(text).toContain(`Z ${stdout.split('\n')[0]}`);
    expect(text).toMatch(/Z exit code 0\n$/);
  });

  test('has the Problem of a run that failed, and no secret', async () => {
    const cwd = temporaryFolder();
    const secret = 'correct-horse-battery';
    const { exitCode } = await image(['--log-file', 'log', '--only', secret], { MESHX_SUDO_PASSWORD: secret }, cwd);
    const text = readFileSync(join(cwd, 'log'), 'utf8');
    expect(text).toMatch(/Z meshx: /);
    expect(text).toMatch(new RegExp(`Z exit code ${exitCode}\\n$`));
    expect(text).toContain('[removed: secret of this run]');
    expect(text).not.toContain(secret);
  });

  test('is no link, no folder and no device', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'other'), '');
    symlinkSync('other', join(cwd, 'link'));
    for (const path of ['link', '.', '/proc/self/status', 'none/log']) {
      const { exitCode, stderr } = await image(['--log-file', path], {}, cwd);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('meshx explain file-not-written');
    }
    expect(readFileSync(join(cwd, 'other'), 'utf8')).toBe('');
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('of root is no file of another user, who would read along', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'log'), '');
    chownSync(join(cwd, 'log'), 65_534, 65_534);
    const { exitCode, stderr } = await image(['--log-file', 'log'], {}, cwd);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('it belongs to another user');
    expect(readFileSync(join(cwd, 'log'), 'utf8')).toBe('');
  });
});
