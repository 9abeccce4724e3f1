import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { RootDirectoryHost } from '../../src/host/root-directory.ts';
import { scriptCommand } from '../../src/host/run/shell.ts';
import { toShell } from '../../src/shell-words.ts';
import { shellLine } from '../../src/host/run/shell-line.ts';
import { launchArgv } from '../../src/host/run/sudo.ts';
import { formatQuoted } from '../../src/mesh/env-value.ts';
import { formatSidecarValue } from '../../src/mesh/sidecar-env.ts';
import { Problem } from '../../src/problems.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import { formatAssignment, isEnvValue } from '../../src/reconcile/kinds/env-text.ts';
import { kindOf } from '../../src/reconcile/kinds/index.ts';
import { plan } from '../../src/reconcile/plan.ts';
import type { Resource } from '../../src/reconcile/resource.ts';
import { mutated } from './support/mutations.ts';
import { BATCHED_RUNS, RUNS, SEED } from './support/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshx-fuzz-shell-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Any word that ran as a command would make this file. */
const CANARY = join(folder, 'canary');
const HOSTILE = [
  ...[
    `$(touch ${CANARY})`,
    `\`touch ${CANARY}\``,
    `; touch ${CANARY};`,
    `'; touch ${CANARY}; '`,
    `"; touch ${CANARY}; "`,
  ],
  ...[
    `\n touch ${CANARY}\n`,
    `& touch ${CANARY} &`,
    `| touch ${CANARY}`,
    '-rf',
    '--',
    '*',
    '~root',
    '$HOME',
    '${IFS}',
    '\\',
    "'",
    '"',
  ],
  ...[`a'"'"'$(touch ${CANARY})`, `\\$(touch ${CANARY})`, `%s%n`, '#', '!', 'é日本\u202e', '\x1b[31m', '\t', '', ' '],
];

/** Words as they may come from outside: no NUL (no program can take one), whole characters. */
const word = fc
  .oneof({ weight: 2, arbitrary: fc.constantFrom(...HOSTILE) }, { weight: 3, arbitrary: mutated(HOSTILE) })
  .map((text) => Buffer.from(text.replaceAll(/[\0\x01]/g, '').slice(0, 400)).toString());

const ABOUT = { host: 'vm', doing: 'fuzz' };
const SHELLS = ['dash', 'bash'].filter((shell) => existsSync(`/bin/${shell}`));

/** How a shell splits many command lines: the arguments of each. */
function wordsOf(shell: string, lines: readonly string[]): readonly (readonly string[])[] {
  const show = `show() { for each; do printf '%s\\0' "$each"; done; printf '\\1\\0'; }\n`;
  const input = show + lines.map((line) => `show ${line}\n`).join('');
  const output = execFileSync(`/bin/${shell}`, ['-s'], { input, maxBuffer: 1 << 30, cwd: folder }).toString();
  const all: string[][] = [[]];
  for (const each of output.split('\0').slice(0, -1)) {
    if (each === '\x01') all.push([]);
    else all.at(-1)?.push(each);
  }
  return all.slice(0, -1);
}

const noCanary = (): void => expect(existsSync(CANARY)).toBe(false);

/** Many inputs for a few processes. */
function inBatches<Input>(inputs: readonly Input[], check: (batch: readonly Input[]) => void): void {
  for (let at = 0; at < inputs.length; at += 1000) check(inputs.slice(at, at + 1000));
}

const sample = <Input>(inputs: fc.Arbitrary<Input>, numRuns = BATCHED_RUNS): readonly Input[] =>
  fc.sample(inputs, { numRuns, seed: SEED });

test.each(SHELLS)(
  '%s splits every command line into the words that it was made of',
  (shell) => {
    inBatches(
      sample(fc.array(word, { minLength: 1, maxLength: 5 }).filter((words) => !words.includes('\x01'))),
      (batch) => expect(wordsOf(shell, batch.map(toShell))).toEqual(batch),
    );
    noCanary();
  },
  600_000,
);

test.each(SHELLS)(
  '%s hands every script its values unchanged, whatever comes before it',
  (shell) => {
    const made = sample(
      fc.tuple(fc.array(word, { maxLength: 3 }), fc.constantFrom('none', 'silent', 'asking' as const)),
      RUNS / 10,
    );
    inBatches(made, (batch) => {
      const argvs = batch.map(([args, mode]) =>
        launchArgv(mode, { token: 'meshx-0', argv: scriptCommand({ name: 'fuzz', text: 'true', args }).argv }, ABOUT),
      );
      expect(wordsOf(shell, argvs.map(toShell))).toEqual(argvs);
    });
    noCanary();
  },
  600_000,
);

test('a command line that is too long travels by stdin and is the same', () => {
  for (const words of sample(fc.array(word, { minLength: 2, maxLength: 6 }), 20)) {
    const argv = ['printf', '%s\\0', ...words, 'x'.repeat(31_000)];
    const { line, prefix } = shellLine(argv);
    const output = execFileSync('/bin/sh', ['-c', line], { input: prefix, cwd: folder, maxBuffer: 1 << 24 }).toString();
    expect(output.split('\0').slice(0, -1)).toEqual(argv.slice(2));
  }
  noCanary();
}, 120_000);

const FORMATS: readonly [name: string, format: (value: string) => string | undefined][] = [
  ['cluster.env', (value) => refusable(() => formatQuoted('X', value))],
  ['sidecar.env', (value) => refusable(() => `X=${formatSidecarValue('X', value)}`)],
  ['an edited env file', (value) => (isEnvValue(value) ? formatAssignment('X', value) : undefined)],
];

function refusable(format: () => string): string | undefined {
  try {
    return format();
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

test.each(FORMATS)(
  'a shell that reads %s gets every value as it is',
  (_name, format) => {
    inBatches(sample(word), (batch) => {
      const lines = batch.map((value) => ({ value, line: format(value) })).filter(({ line }) => line !== undefined);
      const input = lines.map(({ line }) => `${line}\nprintf '%s\\0' "$X"\n`).join('');
      const output = execFileSync('/bin/sh', ['-s'], { input, cwd: folder, maxBuffer: 1 << 30 }).toString();
      expect(output.split('\0').slice(0, -1)).toEqual(lines.map(({ value }) => value));
    });
    noCanary();
  },
  600_000,
);

/** Resources with hostile values in each place that is a text. */
const resources: fc.Arbitrary<Resource> = fc.tuple(word, word).map(([a, b]) => {
  const kind = (a.length + b.length) % 7;
  const path = `/etc/${kind}${a.replaceAll('/', '_').slice(0, 60)}`;
  const owned = { path, owner: 'root:root', mode: '0644' };
  const all: readonly Resource[] = [
    { kind: 'file', ...owned, content: b },
    { kind: 'directory', ...owned },
    { kind: 'line', path, line: b.replaceAll('\n', ' ') },
    { kind: 'unit', name: `${a}.service`, reads: [path, b] },
    { kind: 'enabled', name: `${a}.service`, enabled: true },
    { kind: 'user', name: a, home: b },
    { kind: 'token', ...owned, secret: 's', certificate: path, key: b, identity: b },
  ];
  return all[kind] as Resource;
});

test('no value of a resource runs as a command when a machine is inspected or changed', async () => {
  const image = join(folder, 'image');
  execFileSync('mkdir', ['-p', `${image}/etc`]);
  await using host = new RootDirectoryHost({ directory: image });
  const wants = new Map(sample(resources, Math.max(40, RUNS / 50)).map((want) => [kindOf(want).id(want), want]));
  const steps = [{ id: 'fuzz', title: 'Fuzz', wants: [...wants.values()] }];
  const made = plan(steps, await gatherFacts(steps, host));
  const files = [...wants.values()].filter((want) => want.kind === 'file');
  for (const { scripts } of made.steps.flatMap(({ changes }) => changes)) {
    for (const { script, stdin, source } of scripts) {
      // Units cannot be enabled in an image that lacks them; what matters is what runs.
      if (source === undefined) await host.run({ ...scriptCommand(script), ...(stdin !== undefined && { stdin }) });
    }
  }
  for (const { path, content } of files) expect(readFileSync(join(image, path), 'utf8')).toBe(content);
  noCanary();
}, 600_000);
