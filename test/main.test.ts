import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage, examplePackage } from './support/examples.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = new URL('../', import.meta.url).pathname;

/** The program as a process, whose readers of these streams are gone before it writes. Gives its exit code. */
function withoutReaders(streams: readonly ('stdout' | 'stderr')[], words: readonly string[]): Promise<number | null> {
  const env = { PATH: process.env['PATH'], HOME: temporaryFolder() };
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...words], { cwd: ROOT, env });
  for (const stream of ['stdout', 'stderr'] as const) {
    if (streams.includes(stream)) child[stream].destroy();
    else child[stream].resume();
  }
  return new Promise((resolve) => child.once('close', (exitCode) => resolve(exitCode)));
}

describe('a reader that has gone away', () => {
  test.each([
    ['help', 0, ['stdout'], ['--help']],
    ['the version', 0, ['stdout'], ['--version']],
    ['wrong usage', 2, ['stderr'], ['no-such-command']],
    ['a failure with its JSON', 1, ['stdout'], ['generate-dnsmasq', '--kubeconfig', '/none', '-o', 'json']],
    ['a failure that nobody reads', 1, ['stdout', 'stderr'], ['generate-dnsmasq', '--kubeconfig', '/none']],
  ] as const)('does not hide the exit code of %s: %d', async (_what, exitCode, streams, words) => {
    expect(await withoutReaders(streams, words)).toBe(exitCode);
  });

  test('does not interrupt a change', async () => {
    const root = exampleImage();
    const where = ['--root', root, '--manifests', exampleCluster('current'), '--package', examplePackage];
    const words = ['setup-vm', 'istio-vm', ...where, '-n', 'vm', '--service', 'mysqldb:3306'];
    expect(await withoutReaders(['stdout', 'stderr'], words)).toBe(0);
    expect(existsSync(join(root, 'etc/systemd/system/istio.service'))).toBe(true);
  });
});
