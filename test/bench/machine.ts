import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';

/** What the figures depend on. No name of the machine. */
export interface Described {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly kernel: string;
  readonly node: string;
}

/** This machine. */
export async function describeMachine(): Promise<Described> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? 'unknown',
    kernel: release(),
    node: process.version,
  };
}
