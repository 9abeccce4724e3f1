import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { builtProgram } from './support/built-program.ts';
import { exampleCluster, exampleImage, examplePackage } from './support/examples.ts';
import { screenAfter } from './support/screen-after.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = new URL('../', import.meta.url).pathname;

let program: string;
beforeAll(() => void (program = builtProgram()), 60_000);

/** The program as a process. */
function meshx(words: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: temporaryFolder() };
  return spawn(process.execPath, [program, ...words], { cwd: ROOT, env });
}

const exitCodeOf = (child: ReturnType<typeof meshx>): Promise<number | null> =>
  new Promise((resolve) => child.once('close', (exitCode) => resolve(exitCode)));

/** Its exit code when the readers of these streams are gone before it writes. */
function withoutReaders(streams: readonly ('stdout' | 'stderr')[], words: readonly string[]): Promise<number | null> {
  const child = meshx(words);
  for (const stream of ['stdout', 'stderr'] as const) {
    if (streams.includes(stream)) child[stream].destroy();
    else child[stream].resume();
  }
  return exitCodeOf(child);
}

/** A port that is silent until so many clients have connected, and then closes all connections. */
async function silentUntil(callers: number): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    if (sockets.length === callers) sockets.forEach((each) => each.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
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

test.each([
  ['down', ['--vm-only', '--yes']],
  ['up', ['--package', examplePackage, '-n', 'vm', '--workload-group', 'db', '--service', 'mysqldb:3306']],
])('%s says nothing of listeners when it works on many VMs at once', async (command, more) => {
  const vms = Array.from({ length: 12 }, (_, index) => `me@127.0.0.${index + 1}`);
  const { port, close } = await silentUntil(vms.length);
  const where = command === 'down' ? [] : ['--manifests', exampleCluster('current')];
  const words = [command, ...vms, '--parallel', '12', '--port', String(port), ...where, ...more];
  const child = meshx(words);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exitCode = await exitCodeOf(child);
  close();
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1 });
  expect(stderr).toContain('12 of 12 VMs failed');
  expect(stderr).not.toContain('MaxListenersExceededWarning');
});

/** What the program writes to a terminal of script(1), stdout and stderr together. */
function onTerminal(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const line = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
  const where = { PATH: process.env['PATH'] ?? '', HOME: temporaryFolder(), TERM: 'xterm', ...env };
  const sized = `stty cols 100 rows 12; ${line}`;
  return execFileSync('script', ['-qefc', sized, '/dev/null'], {
    cwd: ROOT,
    env: where,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
    .toString()
    .replaceAll('\r\n', '\n');
}

describe('a terminal', () => {
  const words = () => {
    const where = ['--root', exampleImage(), '--manifests', exampleCluster('current'), '--package', examplePackage];
    return ['setup-vm', 'istio-vm', ...where, '-n', 'vm', '--service', 'mysqldb:3306', '--only', 'cluster-env'];
  };

  test('shows what is being done in a last line, which is gone at the end', () => {
    const written = onTerminal(words());
    expect(written).toMatch(/\u001b\[\?7l⠋|\u001b\[\?7l[⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
    expect(written).toMatch(/ Inspect the VM {2}0 s\n/);
    const seen = screenAfter(written);
    expect(seen).toContainEqual(expect.stringContaining('The image contains no secret.'));
    expect(seen.filter((line) => /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line))).toEqual([]);
  });

  test.each([{ TERM: 'dumb' }, { NO_COLOR: '1' }, { CI: 'true' }])('with %j it gets plain lines', (env) => {
    expect(onTerminal(words(), env)).not.toMatch(/\u001b/);
  });
});
