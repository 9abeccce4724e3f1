import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './command.ts';
import type { Names } from './names.ts';
import type { Processes } from './processes.ts';

/** Packets on a member's cable, until stopped. */
export interface Sniffer extends AsyncDisposable {
  /** The raw capture so far: bytes as they went over the cable, one latin1 character each. */
  bytes(): Promise<string>;
  /** One line per packet, with its payload as text. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts tcpdump on the hub's end of the network, so that it outlives a reboot of the member. `filter` is pcap's. Promiscuous:
 * a bridge otherwise shows only what goes to or comes from the hub itself.
 */
export async function sniff(lab: { names: Names; processes: Processes }, filter: string): Promise<Sniffer> {
  const name = `sniffer-${Date.now().toString(36)}`;
  const file = join(lab.names.run, `${name}.pcap`);
  const argv = [
    'tcpdump',
    '-i',
    'br0',
    '-U',
    '-s',
    '0',
    '-Z',
    'root',
    '-w',
    file,
    ...filter.split(' ').filter(Boolean),
  ];
  await lab.processes.start(name, { argv, namespace: lab.names.hub });
  const listening = async (): Promise<boolean> =>
    (await readFile(lab.processes.logOf(name), 'utf8')).includes('listening on');
  await lab.processes.answers(name, 'tcpdump to listen', listening);
  const stop = async (): Promise<void> => {
    await lab.processes.stop(name);
    await rm(file, { force: true });
  };
  return {
    bytes: async () => await readFile(file, 'latin1'),
    text: async () => await must(['tcpdump', '-nn', '-A', '-r', file]),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
