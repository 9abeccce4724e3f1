import type { Seen } from '../check.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';
import type { Space } from '../../vm/picture/picture.ts';

/** The machine itself. What the preflight judges the same way is reused: see vm-checks.ts. */
export const machineChecks: readonly VmCheck[] = [
  {
    ...{ id: 'disk-space', category: 'vm', severity: 'error' },
    title: 'the disks of the VM have room',
    needs: [...SUBJECT, 'disk'],
    judge: space,
  },
];

const MIB = 1024 * 1024;

function space(facts: VmFacts): readonly Seen[] {
  return facts.disk.flatMap((found) => {
    const state = stateOf(found);
    if (state === undefined) return [];
    const { mount, kind, free } = found;
    const what = kind === 'bytes' ? `${Math.floor(free / MIB)} MiB` : `${free} inodes`;
    const effect =
      state === 'error' ? 'the sidecar cannot write its certificates and logs there' : 'it will soon be full';
    const hint = `Find what fills it: ${facts.ssh('du', '-xhd', '2', mount)}`;
    return [wrongOn(facts, `${mount} has ${what} left: ${effect}`, { hint, severity: state })];
  });
}

/** A full disk is an error; less than a twentieth and 100 MiB is a warning. */
function stateOf({ kind, free, all }: Space): 'error' | 'warning' | undefined {
  if (kind === 'inodes') return free < 16 ? 'error' : free < all / 100 ? 'warning' : undefined;
  if (free < MIB) return 'error';
  return free < 100 * MIB && free < all / 20 ? 'warning' : undefined;
}
