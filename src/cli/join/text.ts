import { toShell } from '../../shell-words.ts';
import { DETECTION_HINT } from '../../checks/join/connection.ts';
import { showPortSecurity } from '../../operations/join/risks.ts';
import type { AgentObstacle, JoinEvent } from '../../operations/join/run.ts';
import type { Resource, Step } from '../../reconcile/resource.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { linesOfChange, type Telling } from '../change-text.ts';
import { underHeadings } from '../headings.ts';
import { flagOf } from '../input.ts';

/** Prints the events while a VM joins. */
export function tellJoin(telling: Telling): (event: JoinEvent) => void {
  return underHeadings(telling.say, (event: JoinEvent) => linesOf(event, telling));
}

function linesOf(event: JoinEvent, telling: Telling): readonly string[] | string | undefined {
  switch (event.kind) {
    case 'repeated':
      return `note: repeated from the join before: ${shownOptions(event.options)} (leave one out with: --forget NAME)`;
    case 'replaced':
      return `note: ${shownOptions(event.now)} replaces ${shownOptions(event.before)} of the join before`;
    case 'left-group':
      return `note: ${telling.vm} was in WorkloadGroup ${event.group}; the objects that meshx created for it are kept`;
    case 'finding':
      return findingLines(event.finding);
    case 'hanging-accepted':
      return `accepted: a plaintext client outside the mesh will hang at ${showPortSecurity(event.port)}`;
    case 'silent-refusal':
      return [
        `note: a client outside the mesh that waits for the greeting of ${showPortSecurity(event.port)} gets none and hangs until its own time limit`,
        `  ${DETECTION_HINT}`,
      ];
    case 'agent-without-rights':
      return 'note: the agent reports through the sidecar, one state for all services, as the cluster has no policy that limits agents. An administrator adds it: meshx expose apply';
    case 'agent-left-out':
      return withoutAgent(telling.vm, event.because);
    case 'package-needed':
      return `note: ${event.problem.message.replace(' Nothing was changed.', '')} The run itself needs one: --package FILE|DIR|URL`;
    default:
      return linesOfChange(event, telling);
  }
}

function withoutAgent(vm: string, because: AgentObstacle): string {
  const install = (option: string) => `To install one: meshx up ${toShell([vm])} ${option}`;
  switch (because.kind) {
    case 'not-executable':
      return `note: ${vm} gets no agent, as Node.js runs this meshx, which is not an executable. ${install('--agent-executable FILE')}`;
    case 'processor':
      return `note: ${vm} gets no agent, as this meshx is for ${because.own}, and ${vm} is ${because.machine}. ${install('--agent-executable FILE')}`;
    case 'group':
      return `note: ${vm} gets no agent, as other VMs of its WorkloadGroup ${because.group} have none. ${install('--workload-group NAME')}`;
  }
}

function findingLines({ severity, detail, hint }: Extract<JoinEvent, { kind: 'finding' }>['finding']) {
  if (severity === 'risk') return [`accepted: ${detail}`];
  return [`note: ${detail}`, ...(hint ? [`  ${hint}`] : [])];
}

/** Options as they are typed on a command line. */
export function shownOptions(options: RecordedOptions): string {
  const typed = Object.entries(options).flatMap(([name, value]) =>
    value === false
      ? [flagOf(name).replace('--', '--no-')]
      : [value].flat().flatMap((each) => [flagOf(name), String(each)]),
  );
  return toShell(typed);
}

/** Every file of the steps with its place, owner, mode and content, for people who put the parts into other tools. */
export function formatFiles(steps: readonly Step[]): string {
  return steps.flatMap(({ id, title, wants }) => [`## ${id}: ${title}`, ...wants.map(formatWant), '']).join('\n');
}

function formatWant(want: Resource): string {
  switch (want.kind) {
    case 'file':
      return `--- ${want.path} (${want.owner} ${want.mode})\n${want.content.trimEnd()}`;
    case 'no-file':
      return `--- ${want.path} (removed)`;
    case 'env':
      return `--- ${want.path} (${want.owner} ${want.mode}), these keys\n${Object.entries(want.set)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n')}`;
    case 'kept-file':
      return `--- ${want.path} (${want.owner} ${want.mode}), where it is there`;
    case 'account-token':
    case 'token':
      return `--- ${want.path} (${want.owner} ${want.mode}), a secret: ${want.secret}`;
    case 'directory':
      return `--- ${want.path}/ (${want.owner} ${want.mode})`;
    case 'executable':
      return `--- ${want.base}/current/${want.name}: the program with sha256 ${want.sha256}`;
    case 'package':
      return `--- package ${want.name} ${want.version} (${want.format}, ${want.architecture}, sha256 ${want.sha256})`;
    case 'unit':
      return `--- unit ${want.name} runs`;
    case 'enabled':
      return `--- unit ${want.name} starts at boot`;
    case 'user':
      return `--- user ${want.name}`;
    case 'hosts':
    case 'line':
      return `--- ${JSON.stringify(want)}`;
  }
}
