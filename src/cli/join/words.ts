import { parsePort } from '../../mesh/service-port.ts';
import { parseWorkloadIp } from '../../mesh/address.ts';
import { type ClusterInput, clusterInput } from '../cluster.ts';
import type { Input } from '../input.ts';
import { type MachineInput, machineInput } from '../machine.ts';
import { acceptedRisks } from '../risks.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../print.ts';
import { type RestartWords, restartWords } from './restart.ts';
import { confirmWithin } from './switch.ts';
import { parseMeshTarget, type TypedTarget } from './mesh-target.ts';
import { present, type WorkloadInput, workloadInput } from '../workload-input.ts';

/** Everything that setup-vm and up were told, parsed. */
export interface JoinWords {
  readonly cluster: ClusterInput;
  readonly machine: MachineInput;
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
    cluster: clusterInput(input),
    machine: machineInput(input),
    workload: workloadInput(input),
    excludePorts: input.attempt('--exclude-ports', () => input.list('excludePorts').map(parsePort)) ?? [],
    create: input.flag('create'),
    acceptRisk: acceptedRisks(input),
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
