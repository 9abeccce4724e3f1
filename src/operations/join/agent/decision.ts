import { parseHolder } from '../../../agent/report/fence.ts';
import type { AgentSettings } from '../../../agent/settings.ts';
import { machineDigest, parseAgentSettings } from '../../../agent/settings.ts';
import type { Preflight } from '../../../checks/preflight.ts';
import type { Kubernetes } from '../../../cluster/api/kubernetes.ts';
import { AGENT_ANNOTATION, HOLDER_ANNOTATION } from '../../../mesh/current/agent-annotations.ts';
import { NETWORKING } from '../../../mesh/current/objects.ts';
import { automaticEntryName } from '../../../mesh/entry-name.ts';
import { meshGeneration } from '../../../mesh/mesh-generation.ts';
import type { VmFacts } from '../../../mesh/vm-facts.ts';
import type { Workload } from '../../../mesh/workload.ts';
import { present } from '../../../present.ts';
import { Problem } from '../../../problems.ts';
import type { InstalledAgent } from '../../../vm/inspect.ts';
import type { VmAgent } from '../../../vm/input.ts';
import { DEBIAN_ARCHITECTURES } from '../../../vm/preflight/platforms.ts';
import type { JoinContext } from '../context.ts';
import type { AgentObstacle, JoinRun } from '../run.ts';
import { type AgentAccess, agentAccess } from './access.ts';
import { companionsOf, refuseMixedGroup } from './companions.ts';

type AgentProgram = NonNullable<VmAgent['program']>;

/** The agent that a VM gets or keeps. */
export interface AgentDecision {
  readonly generation: number;
  /** `machineDigest` of the machine. */
  readonly machine: string;
  /** The name of the VM's entry. */
  readonly entry: string;
  /** Absent: it reports through the sidecar alone. */
  readonly access?: AgentAccess;
  /** Absent if the VM keeps its program. */
  readonly program?: AgentProgram;
  readonly installed: InstalledAgent;
}

/** What is asked about a VM before its registration is planned. */
interface AgentQuestion extends Pick<JoinRun, 'vm' | 'observe'> {
  readonly context: JoinContext;
  readonly preflight: Preflight;
  /** The workload with what its group has already. */
  readonly workload: Workload;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/**
 * Whether the VM gets an agent: if there is a program for it, and again at each later join until it is refused. Only reads. undefined:
 * the VM has none, and gets none; `stopped`: it has one that must not run. Throws `agent-group-mixed`.
 */
export async function decideAgent(question: AgentQuestion): Promise<AgentDecision | 'stopped' | undefined> {
  const { context, preflight, workload, vm, kube, signal } = question;
  if (!meshGeneration(context.facts.generation).hasGroups || workload.foreignGroup) return undefined;
  const { from, wanted } = context.options.agent;
  const { keeps, program } = agentsOf(question);
  const member = { vm, workload, address: preflight.facts.address };
  const companions = await companionsOf(kube, member, signal);
  // The operator did not name a program.
  if (!keeps && program && from === undefined && companions.without.length > 0)
    return leaveOut(question, { kind: 'group', group: workload.group });
  refuseMixedGroup(member, keeps || program !== undefined, companions);
  if (keeps || program) return await grantedAgent(question, program);
  if (wanted) return leaveOut(question, obstacle(context.agentProgram, preflight.facts));
  return preflight.agent.program ? 'stopped' : undefined;
}

/** Whether the VM keeps the agent that it has, and the program that it gets. */
function agentsOf({ context, preflight: { agent, facts } }: AgentQuestion) {
  const { agentProgram: given, options } = context;
  if (!options.agent.wanted || agent.machineId === '') return { keeps: false };
  const program = options.agent.from !== undefined || (given && isFor(given, facts)) ? given : undefined;
  return { keeps: agent.program && installedSettings(agent) !== undefined, ...present({ program }) };
}

function isFor({ architecture }: AgentProgram, facts: VmFacts): boolean {
  return DEBIAN_ARCHITECTURES[architecture] === facts.architecture;
}

/** An image has no agent before its machines have an identity, so nothing is said about it. */
function leaveOut({ preflight, observe }: AgentQuestion, because: AgentObstacle): undefined {
  if (preflight.agent.machineId !== '') observe({ kind: 'agent-left-out', because });
}

function obstacle(program: AgentProgram | undefined, { architecture: machine }: VmFacts): AgentObstacle {
  if (program === undefined) return { kind: 'not-executable' };
  return { kind: 'processor', own: DEBIAN_ARCHITECTURES[program.architecture] ?? program.architecture, machine };
}

async function grantedAgent(question: AgentQuestion, program: AgentProgram | undefined): Promise<AgentDecision> {
  const { context, preflight, workload } = question;
  const { agent: installed, facts } = preflight;
  const settings = installedSettings(installed);
  const { group, network } = workload;
  const entry = automaticEntryName({ group, address: facts.address, ...present({ network }) });
  const machine = machineDigest(installed.machineId);
  const same = settings?.machine === machine && settings.mesh.entry === entry ? settings.generation : undefined;
  const { namespace, serviceAccount: account } = workload;
  const place = { namespace, group, account, entry, signal: question.signal };
  const [{ granted, held }, access] = await Promise.all([
    generationsOf(question, entry),
    agentAccess(context.kube, place),
  ]);
  return {
    ...{ machine, entry, installed, ...present({ program, access }) },
    generation: same !== undefined && same >= held ? same : Math.max(granted, held, workload.agent ?? 0, same ?? 0) + 1,
  };
}

/** Settings that are not readable are those of no agent. */
function installedSettings({ settings }: InstalledAgent): AgentSettings | undefined {
  try {
    return settings === undefined ? undefined : parseAgentSettings(settings);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/**
 * The generation that a join granted to the VM's entry, and the one of the agent that last wrote it; 0 without one. The first is that
 * of the whole group, so it says nothing about another machine with this entry.
 */
async function generationsOf({ kube, workload, signal }: AgentQuestion, name: string) {
  const ref = { apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace: workload.namespace, name };
  const { [AGENT_ANNOTATION]: agent = '', [HOLDER_ANNOTATION]: holder } =
    (await kube.get(ref, signal))?.metadata.annotations ?? {};
  return { granted: /^[1-9]\d{0,8}$/.test(agent) ? Number(agent) : 0, held: parseHolder(holder)?.generation ?? 0 };
}
