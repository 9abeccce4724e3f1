import type { Host } from '../../host/run/host.ts';
import { parseName } from '../../mesh/names.ts';
import { parsePort } from '../../mesh/service-port.ts';
import { formatSidecarValue } from '../../mesh/sidecar-env.ts';
import { keyIssue, portListIssue, settingIssue } from '../../mesh/sidecar-setting.ts';
import type { Result } from '../../checks/check.ts';
import { judgeSettings } from '../../checks/preflight/settings.ts';
import type { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Say } from '../../world.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { isEmpty, type Plan, plan } from '../../reconcile/plan.ts';
import { change, plannedPhases } from '../../operations/change/change.ts';
import type { Decision, RestartOptions } from '../../operations/change/decision.ts';
import { asPlanned, type PhaseReport } from '../../operations/change/event.ts';
import { authorOf } from '../../who.ts';
import { formatPhase, tellChange } from '../change-text.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import { readMembership } from '../../vm/membership.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { configureSteps, type SidecarKeys, sidecarUnits } from '../../vm/configure.ts';
import { typedLine } from '../typed-line.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { portsVerification } from '../../operations/configure/ports.ts';
import { hasSwitch } from '../../vm/dead-man.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { planVm } from '../../operations/join/vm-side.ts';
import { type MachineOptions, openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, pasteable, problemRecord, tellProblem } from '../print.ts';

const KEY = /^[A-Z][A-Z0-9_]*$/;

/** `meshx configure VM` */
export async function configure(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const [vm = ''] = args;
  const { signal } = world;
  const input = new Input('configure', call);
  const words = {
    ...{ machine: machineOptions(input), keys: wantedKeys(input), remove: removedKeys(input) },
    ...{ within: confirmWithin(input), restart: restartOptions(input) },
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const login = () => openMachine(world, words.machine, vm);
  await using host = await login();
  const inspectedAt = performance.now();
  const configuring = { vm, host, words, login, say: terminal.err };
  const { steps, facts } = await inspected(configuring, signal);
  const decision = await decided(configuring, plan(steps, facts), signal);
  const report = (reports: readonly PhaseReport[], problem?: Problem): void => {
    const record = { steps: reports, ...(problem && { problem: problemRecord(pasteable(terminal, problem)) }) };
    terminal.out(
      output === 'text'
        ? reports.flatMap((each) => formatPhase({ ...each, seen: [] }))
        : formatDocument(record, output),
    );
  };
  if (input.flag('dryRun')) {
    report(asPlanned(await plannedPhases({ host, decision, signal })));
    return !isEmpty(decision.plan) && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }
  const again = typedLine('configure', call, vm);
  const tell = tellChange({ vm, say: terminal.err, again });
  const { phases, problem } = await change({
    ...{ vm, host, command: commandWords('configure', call, vm), again, ...authorOf(world), signal, now: world.now },
    ...{ inspectedAt, decision, inspect: async (held) => decided(configuring, await planVm(steps, host, held), held) },
    observe: (event) => {
      if (event.kind !== 'phase') tell(event);
    },
  });
  report(phases, problem);
  return problem ? tellProblem(terminal, problem) : EXIT.done;
}

interface Configuring {
  readonly vm: string;
  readonly host: Host;
  readonly words: SidecarKeys & {
    readonly machine: MachineOptions;
    readonly within: number;
    readonly restart: RestartOptions;
  };
  readonly login: () => Promise<Host>;
  readonly say: Say;
}

/** What the VM must have, and what it has. Only reads. Throws `invalid-input`, `not-of-the-mesh`, `settings-unread`. */
async function inspected({ vm, host, words, say }: Configuring, signal: AbortSignal) {
  const units = await sidecarUnits(host, signal);
  if (units.reader !== 'package') refuseUnread(words.keys);
  if ((await readMembership(host, signal)).generation === undefined) throw leavingProblems.notOfTheMesh({ vm });
  const steps = configureSteps(words, units);
  const facts = await gatherFacts(steps, host, signal);
  if (units.reader !== 'package') refuseSettings(judgeSettings({ vm, steps, facts }), vm, say);
  return { steps, facts };
}

/**
 * configure knows no cluster, so that clients come until the sidecar ends, and what they have open is waited for. What is
 * verified is what the VM can tell (units that run, a ready sidecar), a new login, and that new connections from here to the
 * captured ports are taken as before.
 */
async function decided(
  { vm, host, words, login, say }: Configuring,
  due: Plan,
  signal: AbortSignal,
): Promise<Decision<Result>> {
  const starts = due.steps.some(startsSidecar);
  const guarded = words.machine.root === undefined && (await hasSwitch(host, signal));
  if (starts && !guarded) say(`note: ${vm} has no dead-man switch of meshx; it gets one with: meshx setup-vm ${vm}`);
  return {
    plan: due,
    drain: { for: 'restart', returns: 'after-confirm', addresses: [], ...words.restart },
    // Also with an empty plan: a run that died may have left it armed, and the VM would roll back behind this one.
    ...(guarded && { guard: { within: words.within, login, evenIfEmpty: true } }),
    ...(guarded && starts && { verify: portsVerification(host) }),
  };
}

/** In the order of the walkthrough: ports, service, namespace; then the others as they were given. */
function wantedKeys(input: Input): Readonly<Record<string, string>> {
  const ports =
    input.attempt('--ports', () =>
      input.list('ports').map((port) => (port === '*' ? port : String(parsePort(port)))),
    ) ?? [];
  const service = input.parsed('service', (text) => parseName(text, 'service'));
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const others = setKeys(input);
  const keys = {
    ...(ports.length > 0 && { ISTIO_INBOUND_PORTS: ports.join(',') }),
    ...(service !== undefined && { ISTIO_SERVICE: service }),
    ...(namespace !== undefined && { ISTIO_NAMESPACE: namespace }),
    ...others,
  };
  if (Object.keys(keys).length === 0 && input.list('unset').length === 0) {
    input.issue('nothing to configure: give --service, --ports, --namespace, --set or --unset');
  }
  return keys;
}

/** A value may hold commas, so the words are taken whole. */
function setKeys(input: Input): Readonly<Record<string, string>> {
  const given = input.call.given['set'];
  const words: readonly unknown[] = Array.isArray(given) ? given : [];
  const pairs = words.map(String).flatMap((word) => {
    const [key = ''] = word.split('=', 1);
    if (KEY.test(key) && key.length < word.length) return [[key, word.slice(key.length + 1)] as const];
    input.issue(`--set: ${JSON.stringify(key.slice(0, 80))} is not KEY=value with a key of capitals, digits and "_"`);
    return [];
  });
  for (const [key, value] of pairs) {
    input.attempt('--set', () => formatSidecarValue(key, value));
    const issue = keyIssue(key) ?? portListIssue(key, value);
    if (issue !== undefined) input.issue(`--set ${key}: ${issue}`);
  }
  return Object.fromEntries(pairs);
}

function removedKeys(input: Input): readonly string[] {
  const keys = input.list('unset');
  for (const key of keys) if (!KEY.test(key)) input.issue(`--unset: ${JSON.stringify(key.slice(0, 80))} is not a key`);
  return keys;
}

/** What meshx's units would not read as it is meant. */
function refuseUnread(keys: Readonly<Record<string, string>>): void {
  const issues = Object.entries(keys).flatMap(([key, value]) => {
    const issue = settingIssue(key, value);
    return issue ? [`--set ${key}: ${issue.reason}`] : [];
  });
  if (issues.length > 0) throw cliProblems.invalidInput({ command: 'configure', issues });
}

function refuseSettings(findings: readonly Result[], vm: string, say: Say): void {
  const stops = findings.filter(({ severity }) => severity === 'error');
  for (const { detail } of findings.filter((finding) => !stops.includes(finding))) say(`note: ${detail}`);
  if (stops.length > 0) throw vmProblems.settingsUnread({ vm, findings: stops.map(({ detail }) => detail) });
}
