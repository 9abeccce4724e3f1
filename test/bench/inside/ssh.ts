import { createReadStream } from 'node:fs';
import { connect } from '../../../src/host/ssh/connect.ts';
import type { Host } from '../../../src/host/run/host.ts';

const LIMIT_MS = 60_000;
const open = new Map<string, Promise<Host>>();

const machine = (vm: string): Promise<Host> => connect(vm, { home: process.env['HOME'] ?? '/root', env: process.env });

async function mustRun(host: Host, command: Parameters<Host['run']>[0]): Promise<void> {
  const { exitCode, stderr } = await host.run({ timeoutMs: LIMIT_MS, ...command });
  if (exitCode !== 0) throw new Error(`${command.argv.join(' ')} exited with ${exitCode}: ${stderr}`);
}

/** Milliseconds of connect, `true` and the farewell. Throws a Problem of the host. */
export async function coldCommand(vm: string): Promise<number> {
  const began = performance.now();
  {
    await using host = await machine(vm);
    await mustRun(host, { argv: ['true'] });
  }
  return performance.now() - began;
}

/** Milliseconds of `true` on the connection that is kept for this VM; it is opened outside of them. */
export async function openCommand(vm: string): Promise<number> {
  const kept = open.get(vm) ?? machine(vm);
  open.set(vm, kept);
  const host = await kept;
  const began = performance.now();
  await mustRun(host, { argv: ['true'] });
  return performance.now() - began;
}

/** Milliseconds of connect, a copy through the stdin of a command, and the farewell. */
export async function copyFile(vm: string, from: string, to: string): Promise<number> {
  const began = performance.now();
  {
    await using host = await machine(vm);
    await mustRun(host, { argv: ['sh', '-c', 'cat > "$1"', 'sh', to], stdin: () => createReadStream(from) });
  }
  return performance.now() - began;
}
