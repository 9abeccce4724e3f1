import type { Host } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import { parseName } from '../../mesh/names.ts';
import { parsePort } from '../../mesh/service-port.ts';
import { formatSidecarValue, sidecarWarnings } from '../../mesh/sidecar-env.ts';
import type { Problem } from '../../problems.ts';
import { apply } from '../../reconcile/apply.ts';
import { isEmpty } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { PLACES, PROXY } from '../../vm/places.ts';
import { captureStep, sidecarStep } from '../../vm/steps/running.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { doneStep, formatStep, plannedSteps, type StepReport } from '../join/report.ts';
import { planVm } from '../join/vm-side.ts';
import { machineInput, openMachine } from '../machine.ts';
import { formatDocument, OUTPUT_FORMATS, problemRecord, tellProblem } from '../print.ts';

const KEY = /^[A-Z][A-Z0-9_]*$/;

/** `meshx configure VM` */
export async function configure(call: Call): Promise<number> {
  const { runtime, args } = call;
  const input = new Input('configure', call);
  const words = { machine: machineInput(input), keys: wantedKeys(input), remove: removedKeys(input) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  for (const { text } of sidecarWarnings(lines(words.keys))) runtime.err(`note: ${text}`);

  await using host = await openMachine(runtime, words.machine, args[0] ?? '');
  const steps = await configureSteps(host, words, runtime.signal);
  const plan = await planVm(steps, host, runtime.signal);
  const report = (reports: readonly StepReport[], problem?: Problem): void => {
    const record = { steps: reports, ...(problem && { problem: problemRecord(problem) }) };
    runtime.out(output === 'text' ? reports.map(formatStep).join('\n') : formatDocument(record, output));
  };
  if (input.flag('dryRun')) {
    report(plannedSteps(plan));
    return !isEmpty(plan) && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }

  const options = { sources: { secret: noSecret }, signal: runtime.signal, again: `meshx configure ${args[0]}` };
  const outcomes = [];
  for await (const outcome of apply(plan, host, options)) outcomes.push(outcome);
  const problem = outcomes.find((outcome) => outcome.problem)?.problem;
  report(outcomes.map(doneStep), problem);
  return problem ? tellProblem(runtime, problem) : EXIT.done;
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
  const pairs = words
    .map(String)
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  for (const [key, value] of pairs) {
    if (!KEY.test(key))
      input.issue(`--set: ${JSON.stringify(key.slice(0, 80))} is not KEY=value with a key of capitals, digits and "_"`);
    else input.attempt('--set', () => formatSidecarValue(key, value));
  }
  return Object.fromEntries(pairs);
}

function removedKeys(input: Input): readonly string[] {
  const keys = input.list('unset');
  for (const key of keys) if (!KEY.test(key)) input.issue(`--unset: ${JSON.stringify(key.slice(0, 80))} is not a key`);
  return keys;
}

function lines(keys: Readonly<Record<string, string>>): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** The file, and the units that read it, where the VM has them. */
async function configureSteps(
  host: Host,
  { keys, remove }: { readonly keys: Readonly<Record<string, string>>; readonly remove: readonly string[] },
  signal: AbortSignal,
): Promise<readonly Step[]> {
  const file: Step = {
    id: 'sidecar-env',
    title: 'Configure the sidecar',
    wants: [{ kind: 'env', path: PLACES.sidecarEnv, set: keys, remove, owner: PROXY, mode: '0644' }],
  };
  const has = async (unit: string): Promise<boolean> => {
    const paths = [`${PLACES.units}/${unit}`, `/lib/systemd/system/${unit}`];
    const text = 'for each; do place "$each" all && test -e "$P" && exit 0; done; exit 1';
    const { exitCode } = await host.run(scriptCommand({ name: 'unit-look', text, args: paths }), signal);
    return exitCode === 0;
  };
  const [sidecar, capture] = [await has('istio.service'), await has('meshx-capture.service')];
  return [file, ...(sidecar ? [sidecarStep()] : []), ...(capture ? [captureStep()] : [])];
}

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`configure delivers no secret, and ${name} was asked for`));
}
