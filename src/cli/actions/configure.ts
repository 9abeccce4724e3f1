import type { Host } from '../../host/host.ts';
import { parseName } from '../../mesh/names.ts';
import { parsePort } from '../../mesh/service-port.ts';
import { formatSidecarValue } from '../../mesh/sidecar-env.ts';
import { keyIssue, portListIssue, settingIssue } from '../../mesh/sidecar-setting.ts';
import type { Result } from '../../checks/check.ts';
import { judgeSettings } from '../../checks/preflight/settings.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Say } from '../../world.ts';
import { apply, type Outcome } from '../../reconcile/apply.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { isEmpty, type Plan, plan as planOf } from '../../reconcile/plan.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import { readMembership } from '../../vm/membership.ts';
import { hasSwitch } from '../../vm/has-switch.ts';
import { changing } from '../changing.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { configureSteps, sidecarUnits } from '../../vm/configure.ts';
import { typedLine } from '../typed-line.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { doneStep, formatStep, plannedSteps, type StepReport } from '../join/report.ts';
import { openPorts, stillOpen } from '../../vm/open-ports.ts';
import { drained, restartWords } from '../join/restart.ts';
import { confirmWithin, type DeadMan, holdSwitch, switchWords } from '../join/switch.ts';
import { planVm } from '../join/vm-side.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, pasteable, problemRecord, tellProblem } from '../print.ts';

const KEY = /^[A-Z][A-Z0-9_]*$/;

/** `meshx configure VM` */
export async function configure(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('configure', call);
  const words = { machine: machineOptions(input), keys: wantedKeys(input), remove: removedKeys(input) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const within = confirmWithin(input);
  const restart = restartWords(input);
  input.accept();

  await using host = await openMachine(world, words.machine, args[0] ?? '');
  const lookedAt = performance.now();
  const units = await sidecarUnits(host, world.signal);
  if (units.reader !== 'package') refuseUnread(words.keys);
  if ((await readMembership(host, world.signal)).generation === undefined)
    throw leavingProblems.notOfTheMesh({ vm: args[0] ?? '' });
  const steps = configureSteps(words, units);
  const facts = await gatherFacts(steps, host, world.signal);
  if (units.reader !== 'package')
    refuseSettings(judgeSettings({ vm: args[0] ?? '', steps, facts }), args[0] ?? '', terminal.err);
  const plan = planOf(steps, facts);
  const report = (reports: readonly StepReport[], problem?: Problem): void => {
    const record = { steps: reports, ...(problem && { problem: problemRecord(pasteable(terminal, problem)) }) };
    terminal.out(output === 'text' ? reports.flatMap(formatStep) : formatDocument(record, output));
  };
  if (input.flag('dryRun')) {
    report(plannedSteps(plan));
    return !isEmpty(plan) && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }

  const vm = args[0] ?? '';
  const again = typedLine('configure', call, vm);
  const switching = switchWords(world, { within, login: () => openMachine(world, words.machine, vm) });
  const outcomes: Outcome[] = [];
  const change = async ({ plan: due }: { readonly plan: Plan }, signal: AbortSignal): Promise<Problem | undefined> => {
    // Also with an empty plan: a run that died may have left the switch armed, and the VM would go back behind this one.
    const hasOne = words.machine.root === undefined && (await hasSwitch(host, signal));
    if (!hasOne && due.steps.some(startsSidecar))
      terminal.err(`note: ${vm} has no dead-man switch of meshx; it gets one with: meshx setup-vm ${vm}`);
    const held = { vm, host, again, words: switching, say: terminal.err, signal };
    const deadMan = hasOne ? await holdSwitch(held) : undefined;
    for (const line of deadMan?.found ?? []) terminal.err(`note: ${line}`);
    const work = { host, plan: due, again, deadMan, say: terminal.err, signal };
    // No cluster is known here, so that clients come until the sidecar ends; what they have open is waited for.
    const leaving = { ...work, addresses: [], registry: undefined, words: restart };
    return await drained(leaving, () => carryOut(work, outcomes));
  };
  const look = async (signal: AbortSignal) => ({ plan: await planVm(steps, host, signal) });
  const done = (): number => outcomes.flatMap((outcome) => outcome.done).length;
  const command = commandWords('configure', call, vm);
  const about = { world, command, again, lookedAt, look, done, problemOf: (found: Problem | undefined) => found };
  const problem = await changing(host, about, { plan }, change);
  report(outcomes.map(doneStep), problem);
  return problem ? tellProblem(terminal, problem) : EXIT.done;
}

interface Configuring {
  readonly host: Host;
  readonly plan: Plan;
  readonly again: string;
  readonly deadMan: DeadMan | undefined;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/**
 * configure knows no cluster, so the proof is what the machine can tell (units that run, a ready sidecar), a new login, and
 * that new connections from here to the captured ports are taken as before.
 */
async function carryOut(work: Configuring, outcomes: Outcome[]): Promise<Problem | undefined> {
  const { host, plan, again, deadMan, say, signal } = work;
  const options = { sources: { secret: noSecret }, signal, again };
  try {
    const before = deadMan && !isEmpty(plan) ? await openPorts(host, signal) : { open: [] };
    if (before.unseen !== undefined)
      say(`note: not compared from outside which ports take connections: ${before.unseen}`);
    const beforeStep = async (step: Plan['steps'][number]): Promise<void> => {
      if (startsSidecar(step)) await deadMan?.arm();
    };
    for await (const outcome of apply(plan, host, { ...options, beforeStep })) outcomes.push(outcome);
    const failed = outcomes.find(({ problem }) => problem)?.problem;
    if (failed) throw failed;
    if (deadMan?.armed()) await stillOpen(host.name, before.open);
    await deadMan?.confirm();
    return undefined;
  } catch (error) {
    const end = deadMan
      ? await deadMan.goBack(
          error,
          outcomes.flatMap(({ done }) => done),
        )
      : error;
    if (end instanceof Problem) return end;
    throw end;
  }
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

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`configure delivers no secret, and ${name} was asked for`));
}
