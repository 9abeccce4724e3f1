import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { shellLine } from '../../src/host/run/shell-line.ts';

const GATE = new URL('gate.sh', import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-gate-'));
  // A command that no run reaches: the gate only counts.
  writeFileSync(join(folder, 'armed'), '99 exit\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command as sshd does with the gate before it. */
function through(argv: readonly string[], input: string) {
  const { line, prefix } = shellLine(argv);
  const env = { PATH: process.env['PATH'], SSH_ORIGINAL_COMMAND: line, MESHX_FAULTS: folder, SHELL: '/bin/sh' };
  return spawnSync('sh', [GATE], { env, input: Buffer.concat([prefix, Buffer.from(input)]), encoding: 'utf8' });
}

describe('the gate before the commands of a fault run', () => {
  it.each([
    ['a short command', 'short'],
    ['a command that travels by stdin', 'x'.repeat(40_000)],
  ])('runs %s with its input, and keeps its text', (_title, word) => {
    const { stdout, status } = through(['sh', '-c', 'cat; printf %s "$1" | wc -c', 'sh', word], 'input\n');
    expect([stdout, status]).toEqual([`input\n${word.length}\n`, 0]);
    expect(readFileSync(join(folder, 'text.1'), 'utf8')).toContain('wc -c');
  });
});
