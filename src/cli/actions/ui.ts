import { parseName } from '../../mesh/names.ts';
import { serveUi } from '../../operations/ui/ui.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';

/** `meshx ui [VM…]`, until Ctrl-C. */
export async function ui(call: Call): Promise<void> {
  const { world, terminal, args } = call;
  const input = new Input('ui', call);
  const [machine, cluster] = [machineOptions(input), clusterOptions(input)];
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const port = input.number('listen', [1, 65_535]) ?? 0;
  const seconds = input.number('interval', [1, 3600]) ?? 5;
  const deep = input.flag('deep');
  input.accept();

  const opened = (url: string): void => {
    terminal.out([url]);
    terminal.err('Open this address in a browser on this machine. Ctrl-C ends the page.');
  };
  const options = { cluster, vms: args, port, opened, intervalMs: seconds * 1000 };
  await serveUi(world, { ...options, ...present({ namespace, machine: deep ? machine : undefined }) });
}
