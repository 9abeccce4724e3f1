import { formatServiceFile, parseServiceFile, SERVICE_FILE_ENDING } from '../../../agent/services/service-file.ts';
import { probeMethodSchema } from '../../../agent/probes/method.ts';
import { formatAgentSettings } from '../../../agent/settings.ts';
import { formatServicePort } from '../../../mesh/service-port.ts';
import type { MeshService, Workload } from '../../../mesh/workload.ts';
import { portMap } from '../../../mesh/workload-labels.ts';
import { present } from '../../../present.ts';
import { Problem } from '../../../problems.ts';
import type { VmAgent } from '../../../vm/input.ts';
import type { AgentDecision } from './decision.ts';

/** How the first service is probed: `mysql`, `http:/ready`. It was checked when it was read. */
type ProbeText = string | undefined;

/** What the files need besides the decision and the workload. */
interface AgentOfMachine {
  readonly address: string;
  readonly translated?: true;
  readonly probe: ProbeText;
}

/** The files of the agent of a VM. Pure. */
export function agentFiles(
  { generation, machine, entry, access, program, installed }: AgentDecision,
  workload: Workload,
  { address, translated, probe }: AgentOfMachine,
): VmAgent {
  const { group, namespace, serviceAccount: account, network = '', services } = workload;
  const api = access?.api ?? [];
  const mesh = { group, namespace, account, entry, address, network };
  const place = { generation, observe: false, machine, mesh, ...present({ translated }) };
  const settings = formatAgentSettings({ ...place, ports: portMap(workload), api });
  const files = services.map((service, index) => {
    const name = `${service.name}${SERVICE_FILE_ENDING}`;
    return [name, serviceFile(service, installed.services[name], index === 0 ? probe : undefined)] as const;
  });
  return {
    ...{ settings, services: Object.fromEntries(files) },
    ...present({ program }),
    ...(api.length > 0 && { subject: `system:serviceaccount:${namespace}:${account}` }),
  };
}

/** What an operator wrote into the file of a service stays, but for its ports and the probe of the command line. */
function serviceFile(service: MeshService, found: string | undefined, probe: ProbeText): string {
  const before = found === undefined ? undefined : definitionIn(`${service.name}${SERVICE_FILE_ENDING}`, found);
  const [port] = service.ports;
  const asked = probe === undefined || port === undefined ? undefined : probeOf(probe, port.number);
  if (before === undefined)
    return formatServiceFile({ ...service, ...(asked && { probe: { ...TIMES, method: asked } }) });
  const method = asked ?? before.probe.method;
  const wanted = { ...before, ports: service.ports, probe: { ...before.probe, method } };
  const isSame =
    sameText(before.ports.map(formatServicePort), service.ports.map(formatServicePort)) &&
    sameText(method, before.probe.method);
  return isSame && found !== undefined ? found : formatServiceFile(wanted);
}

/** The defaults of the reader. */
const TIMES = { intervalMs: 1000, timeoutMs: 1000, rise: 2, fall: 3 } as const;

function definitionIn(file: string, text: string) {
  try {
    return parseServiceFile(file, text);
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
