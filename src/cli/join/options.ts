import { parseWorkloadIp } from '../../mesh/address.ts';
import { parseMeshTarget } from '../../mesh/mesh-target.ts';
import { parsePort } from '../../mesh/service-port.ts';
import type { JoinOptions } from '../../operations/join/options.ts';
import { parsePackageSource } from '../../operations/package/package-source.ts';
import { FORGETTABLE, parseMetricsPort, REPEATED } from '../../operations/join/recorded-options.ts';
import { present } from '../../present.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { shown } from '../../problems/mesh.ts';
import { clusterOptions } from '../cluster-options.ts';
import { flagOf, type Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../print.ts';
import { acceptedRisks } from '../risks.ts';
import { workloadOptions } from '../workload-options.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';

/** How the end of a join is printed. */
export interface JoinOutput {
  /** Every file is shown. */
  readonly print: boolean;
  readonly exitCode: boolean;
  readonly output: OutputFormat;
}

/** Reads how a join is printed. Issues are collected in the input. */
export function joinOutput(input: Input): JoinOutput {
  return {
    print: input.flag('print'),
    exitCode: input.flag('exitCode'),
    output: input.choice('output', OUTPUT_FORMATS) ?? 'text',
  };
}

/** Reads the options of setup-vm and up. Issues are collected in the input. */
export function joinOptions(input: Input): JoinOptions {
  const from = input.text('package');
  const sha256 = input.text('sha256');
  return {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    workload: workloadOptions(input),
    agent: agentOptions(input),
    excludePorts: input.attempt('--exclude-ports', () => input.list('excludePorts').map(parsePort)) ?? [],
    create: input.flag('create'),
    acceptRisk: acceptedRisks(input),
    repeated: repeatedOptions(input),
    forget: [...forgotten(input), ...forgottenByAgent(input)],
    only: input.list('only'),
    confirmWithin: confirmWithin(input),
    restart: restartOptions(input),
    dryRun: input.flag('print') || input.flag('dryRun'),
    ...present({
      package: from === undefined ? undefined : { from, ...present({ sha256 }) },
      findPackage: findOptions(input, from, sha256),
      vmAddress: input.parsed('vmAddress', parseWorkloadIp),
      meshService: input.parsed('meshService', parseMeshTarget),
      probeClient: input.text('probeClient'),
    }),
  };
}

/** How the package is found. A given one is taken as it is. */
function findOptions(input: Input, from: string | undefined, sha256: string | undefined): JoinOptions['findPackage'] {
  const upgrade = input.flag('upgrade');
  if (from !== undefined) {
    if (input.text('packageSource') !== undefined) input.issue('--package-source: it contradicts --package');
    if (upgrade) input.issue('--upgrade: it contradicts --package, which is always installed');
    return undefined;
  }
  const { cwd } = input.call.world;
  const asked = input.text('packageSource');
  const parse = () => parsePackageSource(asked, { cwd, isPinned: sha256 !== undefined });
  const source = input.attempt('--package-source', parse);
  if (asked === 'none' && (upgrade || sha256 !== undefined))
    input.issue(`${upgrade ? '--upgrade' : '--sha256'}: without a source no package is found; give it: --package FILE`);
  return source && { source, upgrade, ...present({ sha256 }) };
}

function agentOptions(input: Input): JoinOptions['agent'] {
  const [wanted, from] = [input.flag('agent'), input.text('agentExecutable')];
  if (!wanted && from !== undefined) input.issue('--agent-executable: it contradicts --no-agent');
  const metricsPort = input.parsed('agentMetricsPort', parseMetricsPort);
  return { wanted, ...present({ from, metricsPort }) };
}

/** An executable for the agent ends an earlier --no-agent. */
function forgottenByAgent(input: Input): readonly string[] {
  return input.text('agentExecutable') === undefined ? [] : ['agent'];
}

/** `--forget exclude-ports`, as the option is typed. */
function forgotten(input: Input): readonly string[] {
  const names = input.list('forget').map((word) => word.replace(/^--(no-)?/, ''));
  const flags = FORGETTABLE.map((name) => flagOf(name).slice(2));
  for (const name of names.filter((each) => !flags.includes(each)))
    input.issue(`--forget: ${shown(name)} is not one of ${flags.join(', ')}`);
  return FORGETTABLE.filter((name) => names.includes(flagOf(name).slice(2)));
}

const LISTS: readonly string[] = ['excludePorts', 'serviceCidr', 'acceptRisk'];

/** The given options that the next join of the same VM repeats, as they are recorded. */
export function repeatedOptions(input: Input): RecordedOptions {
  const found = REPEATED.map((name) => [name, recorded(input, name)] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** Switches of a join that are on unless a command line or a file turns them off. */
export const JOIN_SWITCHES: readonly string[] = ['create', 'captureDns', 'agent'];

function recorded(input: Input, name: string): RecordedOptions[string] | undefined {
  // A command without the switch says nothing about it.
  if (JOIN_SWITCHES.includes(name)) return hasSwitch(input.call, name) && !input.flag(name) ? false : undefined;
  if (!LISTS.includes(name)) return input.text(name);
  const texts = input.list(name);
  return texts.length === 0 ? undefined : texts;
}

function hasSwitch({ given, on }: Input['call'], name: string): boolean {
  return name in given || on?.includes(name) === true;
}
