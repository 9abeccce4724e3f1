import { isAbsolute, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readAnsibleInventory } from '../../fleet/ansible.ts';
import type { Inventory } from '../../fleet/compose.ts';
import type { InventorySource } from '../../fleet/schema.ts';
import { startProcess } from '../../host/run/process.ts';
import { cliProblems } from '../../problems/cli.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { withoutSecrets } from '../../secret-variables.ts';
import type { World } from '../../world.ts';

/** An inventory of 2000 hosts with their variables is far smaller. */
const MOST_BYTES = 8 * 1024 * 1024;
const DEFAULT_SECONDS = 30;

type Command = Extract<InventorySource, { readonly command: readonly string[] }>;

/**
 * The hosts that a command prints. It gets no secret of meshx in its environment, and ends with its time limit. Throws `fleet-inventory-failed`, `interrupted`.
 */
export async function commandInventory(
  world: World,
  { command, timeout = DEFAULT_SECONDS }: Command,
  folder: string,
): Promise<Inventory> {
  const source = command.join(' ').slice(0, 200);
  const program = startProcess(placedCommand(command, folder), withoutSecrets(world.env));
  const stop = new AbortController();
  const signal = AbortSignal.any([world.signal, stop.signal]);
  const late = delay(timeout * 1000, `it took longer than ${timeout} s`, { signal }).catch(() => '');
  program.stdin.end();
  const output = outputOf(program);
  // Its streams break when a program is ended that took too long.
  output.catch(() => undefined);
  try {
    const printed = await Promise.race([output, late.then((reason) => ({ reason }))]);
    if (world.signal.aborted) throw cliProblems.interrupted({});
    const inventory = typeof printed === 'string' ? readAnsibleInventory(printed) : printed;
    if ('reason' in inventory) throw fleetProblems.inventoryFailed({ source, reason: inventory.reason });
    return inventory;
  } finally {
    stop.abort();
    program.close();
  }
}

/** A path in the first word begins at the folder of the fleet file. */
export function placedCommand([file = '', ...args]: readonly string[], folder: string): readonly [string, ...string[]] {
  return [file.includes('/') && !isAbsolute(file) ? resolve(folder, file) : file, ...args];
}

/** What a program prints on stdout, or why it cannot be used. */
async function outputOf({
  stdout,
  stderr,
  ended,
}: ReturnType<typeof startProcess>): Promise<string | { readonly reason: string }> {
  let said = '';
  stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdout) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes > MOST_BYTES) return { reason: `it printed more than ${MOST_BYTES / 1024 / 1024} MiB` };
  }
  const end = await ended;
  if ('lost' in end) return { reason: end.lost };
  const last = said.trim().split('\n').at(-1) ?? '';
  if (end.exitCode !== 0) return { reason: `it ended with exit code ${end.exitCode}${last === '' ? '' : `: ${last}`}` };
  return Buffer.concat(parts).toString('utf8');
}
