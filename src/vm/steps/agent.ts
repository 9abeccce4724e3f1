import type { Resource, Step } from '../../reconcile/resource.ts';
import { systemdFile } from '../../templates.ts';
import { present } from '../../present.ts';
import type { CurrentVmInput, VmAgent } from '../input.ts';
import { AGENT_TOKEN_SECRET, AGENT_UNITS, AGENT_USER, PLACES } from '../places.ts';
import { rootFile } from '../wants.ts';
import { drainUnitFile, drainUnitName, formerDrainUnit, runningDrainUnit } from './drain-unit.ts';

const SERVICE = 'meshx-agent.service';
const UNIT_FILES = [...AGENT_UNITS, 'meshx-agent-root@.service'] as const;
const RUN = '/run/meshx-agent';
const EXECUTABLE = 'meshx';

/** The parts of a join with an agent. No steps in an image, which has no identity yet. */
interface AgentSteps {
  /** Made while the package arrives. */
  readonly user: readonly Step[];
  /** Small files, which share a command with those of the sidecar. */
  readonly files: readonly Step[];
  /** What takes long to arrive: nothing waits for it once the sidecar starts. */
  readonly program: readonly Step[];
  /** Started while the sidecar starts. */
  readonly running: readonly Step[];
}

/** The steps of the agent, if the VM has one. */
export function agentSteps({ agent, image }: CurrentVmInput): AgentSteps {
  const none = { user: [], files: [], program: [], running: [] };
  if (agent === undefined || image) return none;
  if (agent === 'stopped') return { ...none, running: [stoppedStep()] };
  const { program } = agent;
  return {
    user: [USER],
    files: [filesStep(agent)],
    program: program ? [programStep(program)] : [],
    running: [runningStep(agent)],
  };
}

/** Units that start at boot: the agent, which starts its sockets, and with the units of services those that drain them. */
export function agentBootUnits({ agent, image }: CurrentVmInput): readonly string[] {
  if (agent === undefined || agent === 'stopped' || image) return [];
  return [SERVICE, ...(agent.drains ?? []).map(({ service }) => drainUnitName(service))];
}

const USER: Step = {
  id: 'agent-user',
  title: "Create the agent's user",
  wants: [{ kind: 'user', name: AGENT_USER, home: PLACES.agentState }],
};

function filesStep({ settings, services, formerServices = [], drains = [] }: VmAgent): Step {
  return {
    id: 'agent',
    title: 'Install the agent',
    wants: [
      { kind: 'directory', path: '/etc/meshx', owner: 'root:root', mode: '0755' },
      { kind: 'directory', path: PLACES.agentServices, owner: 'root:root', mode: '0755' },
      // systemd refuses to start the agent without it.
      { kind: 'directory', path: '/etc/meshx/credentials', owner: 'root:root', mode: '0700' },
      { ...agentDirectory(), contents: 'ours' },
      ...Object.entries(services).map(([name, text]) => rootFile(`${PLACES.agentServices}/${name}`, text)),
      ...formerServices.map((name): Resource => ({ kind: 'no-file', path: `${PLACES.agentServices}/${name}` })),
      rootFile(PLACES.agentSettings, settings),
      rootFile(`${PLACES.programs}/sidecar-token`, systemdFile('sidecar-token')),
      rootFile(`${PLACES.programs}/sidecar-roots`, systemdFile('sidecar-roots')),
      rootFile(`${PLACES.programs}/own-files`, systemdFile('own-files')),
      rootFile(`${PLACES.programs}/agent-root`, systemdFile('agent-root'), '0755'),
      rootFile(`${PLACES.programs}/agent-trial`, systemdFile('agent-trial'), '0755'),
      rootFile(PLACES.agentCommand, systemdFile('meshx-agent'), '0755'),
      rootFile(`${PLACES.programs}/drain-unit`, systemdFile('drain-unit'), '0755'),
      ...UNIT_FILES.map((name) => rootFile(`${PLACES.units}/${name}`, systemdFile(name))),
      ...drains.map(drainUnitFile),
    ],
  };
}

function programStep(program: NonNullable<VmAgent['program']>): Step {
  return {
    id: 'agent-program',
    title: "Deliver the agent's program",
    wants: [{ kind: 'executable', name: EXECUTABLE, base: PLACES.agent, ...program }],
  };
}

function apiToken(subject: string, uid: string | undefined): Resource {
  const owner = `${AGENT_USER}:${AGENT_USER}`;
  const place = { path: PLACES.agentToken, secret: AGENT_TOKEN_SECRET, owner, mode: '0600' };
  return { kind: 'account-token', ...place, subject, ...present({ uid }) };
}

function agentDirectory() {
  return { kind: 'directory', path: PLACES.agentState, owner: `${AGENT_USER}:${AGENT_USER}`, mode: '0700' } as const;
}

/** Restarted for new settings and a new program. It reads the files of the services itself. */
function runningStep({ subject, accountUid, drains = [], formerDrains = [] }: VmAgent): Step {
  const reads = [`${PLACES.units}/${SERVICE}`, `${PLACES.agent}/current/${EXECUTABLE}`, PLACES.agentSettings];
  const after = [`executable:${PLACES.agent}`, `user:${AGENT_USER}`];
  const sockets = AGENT_UNITS.filter((name) => name !== SERVICE);
  return {
    id: 'agent-run',
    title: 'Run the agent',
    wants: [
      ...(subject === undefined ? [] : [apiToken(subject, accountUid)]),
      ...sockets.map((name): Resource => ({ kind: 'unit', name, reads: [`${PLACES.units}/${name}`], makes: [RUN] })),
      { kind: 'unit', name: SERVICE, reads, after },
      ...drains.map(runningDrainUnit),
      ...formerDrains.flatMap(formerDrainUnit),
    ],
  };
}

/** The agent of an earlier join stays installed until the VM is removed from the mesh. */
function stoppedStep(): Step {
  const units = [...AGENT_UNITS].reverse();
  return {
    id: 'agent-run',
    title: 'Stop the agent',
    wants: [
      ...units.map((name): Resource => ({ kind: 'unit', name, reads: [], active: false })),
      { kind: 'enabled', name: SERVICE, enabled: false },
    ],
  };
}
