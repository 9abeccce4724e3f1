import { parseName } from '../../mesh/names.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { drainVm } from '../../operations/drain.ts';
import type { Call } from '../command.ts';
import { drainRows, tellDrain } from '../drain-text.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';
import { formatTable } from '../table.ts';
import { waitTimeoutMs } from '../time-limits.ts';

/** `meshx drain|undrain VM [SERVICE…]`. */
export async function drain(call: Call, verb: 'drain' | 'undrain'): Promise<void> {
  const { world, terminal, args } = call;
  const [vm = '', ...names] = args;
  const input = new Input(verb, call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const limitMs = waitTimeoutMs(input);
  const services = names.map((name) => input.attempt('[service]', () => parseName(name, 'service')) ?? '');
  if (machine.root !== undefined) input.issue('--root: no agent runs in an image');
  input.accept();
  const progress = new RunProgress(call, { vms: [vm], onStdout: false });
  const observe = watched(progress.of(vm).watch, tellDrain(terminal));
  const login = () => openMachine(world, machine, vm);
  const drained = await during(progress, () => drainVm(world, login, { verb, services, limitMs, observe }));
  terminal.out(output === 'text' ? formatTable(drainRows(drained)) : formatDocument({ vm, services: drained }, output));
}
