import { parsePort } from '../../mesh/service-port.ts';
import { parseWorkloadIp } from '../../mesh/address.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import { shown } from '../../problems/mesh.ts';
import type { JoinOptions } from '../../vm/membership-record.ts';
import { flagOf, type Input } from '../input.ts';
import { joinOptions, REPEATED } from './join-options.ts';
import type { MachineOptions } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { acceptedRisks } from '../risks.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../print.ts';
import { type RestartWords, restartWords } from './restart.ts';
import { confirmWithin } from './switch.ts';
import { parseMeshTarget, type TypedTarget } from '../../mesh/mesh-target.ts';
import { type WorkloadInput, workloadInput } from '../workload-input.ts';
import { present } from '../../present.ts';

/** Everything that setup-vm and up were told, parsed. */
export interface JoinWords {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly workload: WorkloadInput;
  readonly package?: { readonly from: string; readonly sha256?: string };
  readonly vmAddress?: string;
  readonly excludePorts: readonly number[];
  /** A service of the mesh for the proof. */
  readonly meshService?: TypedTarget;
  /** Another VM of the mesh that is the client in the proofs. */
  readonly proofClient?: string;
  /** Create namespace and service account when they are missing. */
  readonly create: boolean;
  readonly acceptRisk: readonly string[];
  /** What the next run on the same VM repeats. */
  readonly options: JoinOptions;
  /** Options of the join before that are not repeated, by their camelCase names. */
  readonly forget: readonly string[];
  /** Ids of steps; all when empty. */
  readonly only: readonly string[];
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  readonly restart: RestartWords;
  readonly dryRun: boolean;
  readonly print: boolean;
  readonly exitCode: boolean;
  readonly output: OutputFormat;
}

/** Reads the options of setup-vm and up. Issues are collected in the input. */
export function joinWords(input: Input): JoinWords {
  const print = input.flag('print');
  const from = input.text('package');
  const sha256 = input.text('sha256');
  if (sha256 !== undefined && from === undefined) input.issue('--sha256: it says something about a --package only');
  return {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    workload: workloadInput(input),
    excludePorts: input.attempt('--exclude-ports', () => input.list('excludePorts').map(parsePort)) ?? [],
    create: input.flag('create'),
    acceptRisk: acceptedRisks(input),
    options: joinOptions(input),
    forget: forgotten(input),
    only: input.list('only'),
    confirmWithin: confirmWithin(input),
    restart: restartWords(input),
    print,
    dryRun: print || input.flag('dryRun'),
    exitCode: input.flag('exitCode'),
    output: input.choice('output', OUTPUT_FORMATS) ?? 'text',
    ...present({
      package: from === undefined ? undefined : { from, ...present({ sha256 }) },
      vmAddress: input.parsed('vmAddress', parseWorkloadIp),
      meshService: input.parsed('meshService', parseMeshTarget),
      proofClient: input.text('proofClient'),
    }),
  };
}

const FORGETTABLE: readonly string[] = [...REPEATED, 'namespace', 'workloadGroup'];

/** `--forget exclude-ports`, as the option is typed. */
function forgotten(input: Input): readonly string[] {
  const names = input.list('forget').map((word) => word.replace(/^--(no-)?/, ''));
  const flags = FORGETTABLE.map((name) => flagOf(name).slice(2));
  for (const name of names.filter((each) => !flags.includes(each)))
    input.issue(`--forget: ${shown(name)} is not one of ${flags.join(', ')}`);
  return FORGETTABLE.filter((name) => names.includes(flagOf(name).slice(2)));
}
