import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { machineDigest } from '../settings.ts';
import type { MachineIdentity } from './fence.ts';

/** This machine now: machine-id(5), random(4), getifaddrs(3). Throws when /etc/machine-id cannot be read. */
export function machineIdentity(): MachineIdentity {
  return {
    machine: machineDigest(readFileSync('/etc/machine-id', 'utf8')),
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    addresses: machineAddresses(),
  };
}

/** The addresses of the interfaces that are up: getifaddrs(3). */
export function machineAddresses(): readonly string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return interfaces.map(({ address }) => address);
}
