import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Input } from '../input.ts';
import type { MachineOptions } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { drainTimeoutMs } from '../time-limits.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../print.ts';
import { present } from '../../present.ts';

/** Everything that `down` was told, parsed. */
export interface DownWords {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly namespace?: string;
  readonly group?: string;
  readonly vmAddress?: string;
  /** One side alone; both when absent. */
  readonly only?: 'vm' | 'cluster';
  readonly verify: boolean;
  readonly drainTimeoutMs: number;
  readonly restore: readonly string[];
  readonly keep: readonly string[];
  readonly force: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly exitCode: boolean;
  readonly output: OutputFormat;
}

/** Reads the options of down. Issues are collected in the input. */
export function downWords(input: Input, vms: readonly string[]): DownWords {
  const [restore, keep] = [paths(input, 'restore'), paths(input, 'keep')];
  const words = {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    verify: input.flag('verify'),
    drainTimeoutMs: drainTimeoutMs(input),
    restore,
    keep,
    force: input.flag('force'),
    yes: input.flag('yes'),
    dryRun: input.flag('dryRun'),
    exitCode: input.flag('exitCode'),
    output: input.choice('output', OUTPUT_FORMATS) ?? 'text',
    ...present({
      namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
      group: input.parsed('workloadGroup', (text) => parseName(text, 'group')),
      vmAddress: input.parsed('vmAddress', parseIp),
      only: input.flag('vmOnly') ? ('vm' as const) : input.flag('clusterOnly') ? ('cluster' as const) : undefined,
    }),
  };
  refuseContradictions(input, words, vms);
  return words;
}

function paths(input: Input, name: 'restore' | 'keep'): readonly string[] {
  const words = input.list(name);
  for (const word of words)
    if (!word.startsWith('/')) input.issue(`--${name}: ${JSON.stringify(word)} is not a path from /`);
  return words;
}

function refuseContradictions(input: Input, words: DownWords, vms: readonly string[]): void {
  const { restore, keep, force, only, verify, vmAddress, group, machine } = words;
  if (input.flag('vmOnly') && input.flag('clusterOnly')) input.issue('--vm-only and --cluster-only: only one of them');
  if (only === 'cluster' && (verify || force || restore.length + keep.length > 0))
    input.issue(
      '--cluster-only: the machine is not inspected, so --verify, --restore, --keep and --force do not apply',
    );
  const both = restore.filter((path) => keep.includes(path));
  if (both.length > 0) input.issue(`--restore and --keep: both name ${both.join(', ')}`);
  if (vms.length > 1 && restore.length + keep.length > 0) input.issue('--restore and --keep: they are about one VM');
  if (vms.length > 1 && (vmAddress !== undefined || group !== undefined || machine.root !== undefined))
    input.issue('--vm-address, --workload-group and --root: they are about one VM');
}
