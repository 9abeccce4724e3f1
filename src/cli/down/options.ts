import type { LeaveOptions } from '../../operations/leave/context.ts';
import { clusterOptions, placeOptions } from '../cluster-options.ts';
import type { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { drainTimeoutMs } from '../time-limits.ts';
import { present } from '../../present.ts';

/** Reads the options of down. Issues are collected in the input. */
export function leaveOptions(input: Input, vms: readonly string[]): LeaveOptions {
  const options = {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    place: placeOptions(input),
    verify: input.flag('verify'),
    drainTimeoutMs: drainTimeoutMs(input),
    undo: { restore: paths(input, 'restore'), keep: paths(input, 'keep'), everything: input.flag('force') },
    dryRun: input.flag('dryRun'),
    ...present({
      only: input.flag('vmOnly') ? ('vm' as const) : input.flag('clusterOnly') ? ('cluster' as const) : undefined,
    }),
  };
  refuseContradictions(input, options, vms);
  return options;
}

function paths(input: Input, name: 'restore' | 'keep'): readonly string[] {
  const given = input.list(name);
  for (const path of given)
    if (!path.startsWith('/')) input.issue(`--${name}: ${JSON.stringify(path)} is not a path from /`);
  return given;
}

function refuseContradictions(input: Input, options: LeaveOptions, vms: readonly string[]): void {
  const { undo, only, verify, place, machine } = options;
  const named = [...undo.restore, ...undo.keep];
  if (input.flag('vmOnly') && input.flag('clusterOnly')) input.issue('--vm-only and --cluster-only: only one of them');
  if (only === 'cluster' && (verify || undo.everything || named.length > 0))
    input.issue(
      '--cluster-only: the machine is not inspected, so --verify, --restore, --keep and --force do not apply',
    );
  const both = undo.restore.filter((path) => undo.keep.includes(path));
  if (both.length > 0) input.issue(`--restore and --keep: both name ${both.join(', ')}`);
  if (vms.length > 1 && named.length > 0) input.issue('--restore and --keep: they are about one VM');
  if (vms.length > 1 && (place.address !== undefined || place.group !== undefined || machine.root !== undefined))
    input.issue('--vm-address, --workload-group and --root: they are about one VM');
}
