import { parseName } from '../../mesh/names.ts';
import { parsePort } from '../../mesh/service-port.ts';
import { formatSidecarValue } from '../../mesh/sidecar-env.ts';
import { keyIssue, portListIssue } from '../../mesh/sidecar-setting.ts';
import { configure as configureVm, type ConfigureEvent } from '../../operations/configure/configure.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { tellMeanwhile } from '../headings.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { concludeChange } from '../conclude.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';

const KEY = /^[A-Z][A-Z0-9_]*$/;

/** `meshx configure VM` */
export async function configure(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const [vm = ''] = args;
  const input = new Input('configure', call);
  const machine = machineOptions(input);
  const options = {
    ...{ keys: wantedKeys(input), remove: removedKeys(input), image: machine.root !== undefined },
    ...{ confirmWithin: confirmWithin(input), restart: restartOptions(input) },
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const names = { vm, ...called('configure', call, vm) };
  const progress = new RunProgress(call, { vms: [vm], onStdout: false });
  const { say, watch } = progress.of(vm);
  const tell = tellMeanwhile({ ...names, say });
  const observe = watched(watch, (event: ConfigureEvent): void => {
    if (event.kind === 'no-switch')
      say(`note: ${vm} has no dead-man switch of meshx; it gets one with: meshx setup-vm ${vm}`);
    else if (event.kind === 'setting') say(`note: ${event.detail}`);
    else tell(event);
  });
  const login = () => openMachine(world, machine, vm);
  const calling = { ...names, login, dryRun: input.flag('dryRun'), observe };
  const report = await during(progress, () => configureVm(world, calling, options));
  return concludeChange({ terminal, output, exitCode: input.flag('exitCode') }, report);
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

/** A value may hold commas, so it is not split. */
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
