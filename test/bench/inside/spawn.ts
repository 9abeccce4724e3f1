import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryWatch } from './memory.ts';
import type { Spawn, Spawned } from './protocol.ts';

/**
 * Runs a program and measures it from its start to its end. What it prints goes into files: a program that it leaves behind
 * (a ControlMaster) may hold a pipe open forever.
 */
export async function timedSpawn({ argv, env, cwd, limitMs, memory }: Spawn): Promise<Spawned> {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-bench-'));
  const files = ['stdout', 'stderr'].map((name) => join(folder, name));
  const [out = 0, err = 0] = files.map((file) => openSync(file, 'w'));
  const [program = '', ...rest] = argv;
  try {
    const began = performance.now();
    const child = spawn(program, rest, {
      stdio: ['ignore', out, err],
      detached: true,
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    const ended = new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? undefined));
    });
    using watch = memory && child.pid !== undefined ? new MemoryWatch(child.pid) : undefined;
    const timer = setTimeout(() => killGroup(child.pid), limitMs);
    const exitCode = await ended;
    const ms = performance.now() - began;
    clearTimeout(timer);
    const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
    return {
      ms,
      stdout,
      stderr,
      ...(exitCode !== undefined && { exitCode }),
      ...(watch && { peakKib: watch.peakKib }),
    };
  } finally {
    for (const descriptor of [out, err]) closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself between the limit and the signal.
  }
}
