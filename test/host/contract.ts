import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Problem } from '../../src/problems.ts';
import type { Command, Host } from '../../src/host/run/host.ts';

const AWKWARD = [
  ...[
    '',
    ' ',
    '  two  ',
    "it's",
    '"quoted"',
    "'",
    "''\"'",
    '$(touch /tmp/never)',
    '`id`',
    '$HOME',
    '${IFS}',
    '\\',
    '\\n',
    '\\\\',
  ],
  ...[
    'a\nb',
    '\n',
    'tab\there',
    '*',
    '?',
    '[a-z]',
    '~',
    '#no comment',
    '!history',
    '-n',
    '--',
    'a;b',
    'a&b',
    'a|b',
    '<>',
    '%s',
  ],
  ...['Grüße', '日本語', '😀', 'e\u0301', '=x', 'A=b', '{a,b}', '\u00a0', '\u2028'],
];

const MIB = 1024 * 1024;

// The checkout's machine may be busy; no test waits for a time, only for conditions.
jest.setTimeout(60_000);

/** What each implementation of Host must do, whatever carries the command. Runs on a machine with sh and coreutils. */
export function hostContract(title: string, makeHost: () => Promise<Host>): void {
  describe(`${title} keeps the contract of a host`, () => {
    let host: Host;
    const made: Host[] = [];
    let folder: string;
    const sh = (text: string, ...args: string[]): Command => ({ argv: ['sh', '-c', text, 'meshx-contract', ...args] });
    beforeAll(async () => {
      host = await makeHost();
      made.push(host);
      folder = await mkdtemp(join(tmpdir(), 'meshx-contract-'));
    });
    afterAll(async () => {
      for (const one of made) await one[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    test('arguments arrive as they were given, whatever is in them', async () => {
      const { stdout } = await host.run({ argv: ['printf', '%s\\0', ...AWKWARD] });
      expect(stdout.split('\0').slice(0, -1)).toEqual(AWKWARD);
    });

    test('an argument of 100 KB arrives whole', async () => {
      const long = `${"it's ".repeat(12_000)}$(x)\n`;
      const { stdout } = await host.run({ argv: ['printf', '%s', long] });
      expect(stdout).toBe(long);
    });

    test('a command line of 400 KB arrives whole, and its stdin after it', async () => {
      const parts = Array.from({ length: 8 }, (_, i) => String(i).repeat(50_000));
      const output = await host.run({ ...sh('printf "%s." "$@"; cat', ...parts), stdin: 'the end' });
      expect(output.stdout).toBe(`${parts.join('.')}.the end`);
    });

    test('stdout, stderr and the exit code are kept apart', async () => {
      const output = await host.run(sh('printf out; printf err >&2; exit 3'));
      expect(output).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' });
    });

    test.each([0, 1, 2, 100, 126, 254, 255])('exit code %i is an answer', async (code) => {
      expect((await host.run(sh('exit "$1"', String(code)))).exitCode).toBe(code);
    });

    test('a program that does not exist is exit code 127', async () => {
      const output = await host.run({ argv: ['meshx-no-such-program', 'x'] });
      expect(output.exitCode).toBe(127);
      expect(output.stderr).toContain('meshx-no-such-program');
    });

    test('a program that a signal ended has 128 and the number as exit code, or 255 where the way does not tell', async () => {
      expect([137, 255]).toContain((await host.run(sh('kill -KILL $$'))).exitCode);
    });

    test('without stdin a program reads an empty one', async () => {
      expect(await host.run({ argv: ['cat'] })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    });

    test('stdin may be text', async () => {
      const text = AWKWARD.join('\n');
      expect((await host.run({ argv: ['cat'], stdin: text })).stdout).toBe(text);
    });

    test('stdin may be bytes', async () => {
      const bytes = randomBytes(300_000);
      const { stdout } = await host.run({ argv: ['sha256sum'], stdin: bytes });
      expect(stdout.slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'));
    });

    test('30 MB from a stream arrive whole', async () => {
      const chunk = randomBytes(MIB);
      const wanted = createHash('sha256');
      for (let i = 0; i < 30; i += 1) wanted.update(chunk);
      const stream = () => Readable.from(Array<Buffer>(30).fill(chunk), { objectMode: false });
      const { stdout } = await host.run({ argv: ['sha256sum'], stdin: stream });
      expect(stdout.slice(0, 64)).toBe(wanted.digest('hex'));
    });

    test('a program that does not read holds the stream back', async () => {
      let read = 0;
      const endless = function* () {
        for (;;) yield Buffer.alloc(MIB, (read += 1));
      };
      const command = { ...sh('sleep 1; exit 5'), stdin: () => Readable.from(endless(), { objectMode: false }) };
      expect((await host.run(command)).exitCode).toBe(5);
      expect(read).toBeLessThan(40);
    });

    test('a stream that fails is a Problem, and the program never sees half of it as the whole', async () => {
      const failing = () =>
        Readable.from(
          (function* () {
            yield Buffer.from('half');
            throw new Error('the disk was pulled out');
          })(),
        );
      const target = join(folder, 'half');
      const run = host.run({ ...sh('cat > "$1.new" && mv "$1.new" "$1"', target), stdin: failing });
      await expect(run).rejects.toMatchObject({
        id: 'host-stdin-failed',
        message: expect.stringContaining('disk was pulled'),
      });
      await expect(readFile(target)).rejects.toThrow('ENOENT');
    });

    test('a command that is aborted while it starts never takes its missing input for an empty file', async () => {
      const target = join(folder, 'early');
      const script = 'cat > "$1.new" && mv "$1.new" "$1"';
      for (let ms = 0; ms < 12; ms += 1) {
        const signal = AbortSignal.timeout(ms);
        // A stream that never ends: without an abort there is no way to the end of the script.
        const stdin = () => new Readable({ read: () => undefined });
        const run = host.run({ ...sh(script, target), stdin }, signal);
        await expect(run).rejects.toMatchObject({ id: 'host-command-interrupted' });
      }
      expect((await host.run({ argv: ['test', '-e', target] })).exitCode).toBe(1);
    });

    test('20 MB of output come whole', async () => {
      const { stdout } = await host.run(sh('head -c 20000000 /dev/zero | tr "\\0" x'));
      expect(stdout).toHaveLength(20_000_000);
      expect(/^x*$/.test(stdout)).toBe(true);
    });

    test('characters of several bytes survive the borders of chunks', async () => {
      const text = '€😀'.repeat(200_000);
      expect((await host.run({ argv: ['cat'], stdin: text })).stdout).toBe(text);
    });

    test('endless output is a Problem', async () => {
      const run = host.run({ argv: ['yes'] });
      await expect(run).rejects.toMatchObject({ id: 'host-output-too-big', message: expect.stringContaining('yes') });
    });

    test('the time limit is a Problem that names host and script, and the script is stopped with its children', async () => {
      const mark = join(folder, 'limit');
      const script = 'echo $$ > "$1"; sh -c "sleep 300; echo never"; echo never';
      const run = host.run({ ...sh(script, mark), timeoutMs: 2000, stdin: 'a secret' });
      await expect(run).rejects.toMatchObject({ id: 'host-command-timed-out' });
      await run.catch((error: Problem) => {
        expect(error.message).toContain(host.name);
        expect(error.message).toContain('meshx-contract');
        expect(error.message).not.toContain('secret');
      });
      await expectEnded(host, mark);
    });

    test('a stopped script may clear up behind itself', async () => {
      const mark = join(folder, 'cleared');
      const script = 'trap \'echo cleared > "$1"; exit 1\' TERM; while :; do sleep 0.1; done';
      const run = host.run({ ...sh(script, mark), timeoutMs: 2000 });
      await expect(run).rejects.toMatchObject({ id: 'host-command-timed-out' });
      expect(await readFile(mark, 'utf8')).toBe('cleared\n');
    });

    test('an abort is a Problem, and the program is stopped although it ignores TERM', async () => {
      const mark = join(folder, 'abort');
      const controller = new AbortController();
      const run = host.run(sh('trap "" TERM; echo $$ > "$1"; while :; do sleep 1; done', mark), controller.signal);
      const outcome = run.catch((error: unknown) => error);
      await until(() => readFile(mark, 'utf8').then((text) => text.trim() !== ''));
      controller.abort();
      const problem = await outcome;
      expect(problem).toBeInstanceOf(Problem);
      expect(problem).toMatchObject({ id: 'host-command-interrupted' });
      await expectEnded(host, mark);
    });

    test('an abort before the start runs nothing', async () => {
      const mark = join(folder, 'never');
      const run = host.run({ argv: ['touch', mark] }, AbortSignal.abort());
      await expect(run).rejects.toMatchObject({ id: 'host-command-interrupted' });
      expect((await host.run({ argv: ['test', '-e', mark] })).exitCode).toBe(1);
    });

    test('30 commands at once all get their own answer', async () => {
      const outputs = await Promise.all(
        Array.from({ length: 30 }, (_, i) => host.run({ ...sh('cat; echo "$1"', `n${i}`), stdin: `in${i} ` })),
      );
      expect(outputs.map((output) => output.stdout)).toEqual(Array.from({ length: 30 }, (_, i) => `in${i} n${i}\n`));
    });

    test('commands that wait for their turn can be aborted at once', async () => {
      const controller = new AbortController();
      // Its own number of seconds: others on this machine sleep too, and their processes are not this test's.
      const seconds = `200.${randomInt(1e9)}`;
      const runs = Array.from({ length: 24 }, () => host.run({ argv: ['sleep', seconds] }, controller.signal));
      const outcomes = Promise.allSettled(runs);
      await until(async () => Number((await processes(`sleep ${seconds}`)).length) >= 8);
      controller.abort();
      const ids = (await outcomes).map((one) => (one.status === 'rejected' ? (one.reason as Problem).id : 'done'));
      expect(new Set(ids)).toEqual(new Set(['host-command-interrupted']));
      expect((await host.run({ argv: ['echo', 'alive'] })).stdout).toBe('alive\n');
      await until(async () => (await processes(`sleep ${seconds}`)).length === 0);
    });
  });
}

/** The contract is kept on this very machine, whatever carries it: its processes can be seen here. */
async function processes(line: string): Promise<readonly string[]> {
  const { execFile } = await import('node:child_process');
  const text = await new Promise<string>((resolve) =>
    execFile('ps', ['-eo', 'args='], { maxBuffer: 16 * MIB }, (_error, stdout) => resolve(stdout)),
  );
  return text.split('\n').filter((one) => one.trim() === line);
}

async function expectEnded(host: Host, mark: string): Promise<void> {
  const pid = (await readFile(mark, 'utf8')).trim();
  await until(async () => (await host.run({ argv: ['kill', '-0', pid] })).exitCode !== 0);
}

/** Waits for a condition; an exception counts as "not yet". */
export async function until(condition: () => Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not so within ${ms} ms: ${condition.toString()}`);
    await delay(25);
  }
}
