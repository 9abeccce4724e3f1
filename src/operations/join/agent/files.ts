import {
  formatServiceFile,
  isDrainUnit,
  parseServiceFile,
  SERVICE_FILE_ENDING,
} from '../../../agent/services/service-file.ts';
import { probeMethodSchema } from '../../../agent/probes/method.ts';
import { formatAgentSettings, parseAgentSettings } from '../../../agent/settings.ts';
import { formatServicePort } from '../../../mesh/service-port.ts';
import type { MeshService, Workload } from '../../../mesh/workload.ts';
import { portMap } from '../../../mesh/workload-labels.ts';
import { present } from '../../../present.ts';
import { Problem } from '../../../problems.ts';
import type { UnitDrain, VmAgent } from '../../../vm/input.ts';
import type { InstalledAgent } from '../../../vm/inspect.ts';
import type { AgentDecision } from './decision.ts';

/** How the first service is probed: `mysql`, `http:/ready`. It was checked when it was read. */
type ProbeText = string | undefined;

/** What the files need besides the decision and the workload. */
interface AgentOfMachine {
  readonly address: string;
  readonly translated?: true;
  readonly probe: ProbeText;
  /** Of 127.0.0.1. */
  readonly metricsPort?: number;
}

/** The files of the agent of a VM. Pure. */
export function agentFiles(
  { generation, machine, entry, access, program, installed }: AgentDecision,
  workload: Workload,
  { address, translated, probe, metricsPort }: AgentOfMachine,
): VmAgent {
  const { group, namespace, serviceAccount: account, network = '', services, dropped = [] } = workload;
  const api = access?.api ?? [];
  const mesh = { group, namespace, account, entry, address, network };
  const notices = installed.settings === undefined ? undefined : noticesIn(installed.settings);
  const place = { generation, observe: false, machine, mesh, ...present({ translated, notices }) };
  const metrics = metricsPort === undefined ? {} : { metrics: { port: metricsPort } };
  const settings = formatAgentSettings({ ...place, ports: portMap(workload), api, ...metrics });
  const files = services.map((service, index) => {
    const name = `${service.name}${SERVICE_FILE_ENDING}`;
    return [name, serviceFile(service, installed, index === 0 ? probe : undefined)] as const;
  });
  const drains = files.flatMap(([name, text]) => unitDrain(definitionIn(name, text)));
  const formerDrains = (installed.drains ?? []).filter((name) => drains.every(({ service }) => service !== name));
  return {
    ...{ settings, services: Object.fromEntries(files), drains, formerDrains },
    ...(dropped.length > 0 && { formerServices: dropped.map((name) => `${name}${SERVICE_FILE_ENDING}`) }),
    ...present({ program }),
    ...(api.length > 0 && { subject: `system:serviceaccount:${namespace}:${account}` }),
    ...(api.length > 0 && present({ accountUid: access?.accountUid })),
  };
}

/** What an operator wrote into the file of a service stays, but for its ports and the probe of the command line. */
function serviceFile(service: MeshService, installed: InstalledAgent, probe: ProbeText): string {
  const name = `${service.name}${SERVICE_FILE_ENDING}`;
  const found = installed.services[name];
  const before = found === undefined ? undefined : definitionIn(name, found);
  const [port] = service.ports;
  const asked = probe === undefined || port === undefined ? undefined : probeOf(probe, port.number);
  if (before === undefined) {
    const drainUnit = unitOf(service, installed.portUnits);
    return formatServiceFile({
      ...{ ...service, ...(asked && { probe: { ...TIMES, method: asked } }) },
      ...(drainUnit !== undefined && { drainUnit, drainLimitMs: DRAIN_LIMIT }),
    });
  }
  const method = asked ?? before.probe.method;
  const wanted = { ...before, ports: service.ports, probe: { ...before.probe, method } };
  const isSame =
    sameText(before.ports.map(formatServicePort), service.ports.map(formatServicePort)) &&
    sameText(method, before.probe.method);
  return isSame && found !== undefined ? found : formatServiceFile(wanted);
}

/** The unit that runs a service: its main process listens on all ports of it. A file that is there says so itself, or does not. */
function unitOf({ ports }: MeshService, units: InstalledAgent['portUnits'] = {}): string | undefined {
  const [unit, ...more] = new Set(ports.map(({ number }) => units[number]));
  return unit !== undefined && more.length === 0 && isDrainUnit(unit) ? unit : undefined;
}

function unitDrain(definition: ReturnType<typeof definitionIn>): readonly UnitDrain[] {
  if (definition?.drainUnit === undefined) return [];
  return [{ service: definition.name, unit: definition.drainUnit, limitMs: definition.drainLimitMs }];
}

/** The defaults of the reader. */
const DRAIN_LIMIT = 30_000;
const TIMES = { intervalMs: 1000, timeoutMs: 1000, rise: 2, fall: 3 } as const;

function definitionIn(file: string, text: string) {
  try {
    return parseServiceFile(file, text);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** The one setting that is not of the join, but of the operator. */
function noticesIn(settings: string): string | undefined {
  try {
    return parseAgentSettings(settings).notices;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** `http:/ready` → a request for that path; the other probes are methods of the same name. */
function probeOf(text: string, port: number) {
  const [kind = '', path] = text.split(/:(.*)/s);
  return probeMethodSchema(port).parse({ [kind]: { port, ...present({ path }) } });
}

function sameText(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
