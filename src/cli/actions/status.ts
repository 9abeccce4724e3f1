import { parseName } from '../../mesh/names.ts';
import { followStatus } from '../../operations/status/follow-status.ts';
import type { MeshStatus } from '../../operations/status/mesh-status.ts';
import { withMachines } from '../../operations/status/read-machines.ts';
import { meshStatus, oneStatus, type StatusOptions } from '../../operations/status/status.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { joinAgain } from '../join/again.ts';
import { formatDocument } from '../print.ts';
import { formatDetails } from '../status/details.ts';
import { FORMATS, showEach, type StatusFormat } from '../status/follow.ts';
import { formatStatus } from '../status/table.ts';

const [PARALLEL, LINES] = [8, 10];

/** `meshx status [VM…]`. Exits with 1 when a VM that should be read over SSH was not. */
export async function status(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('status', call);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const options: StatusOptions = { cluster: clusterOptions(input), vms: args, ...present({ namespace }) };
  const format = input.choice('output', FORMATS) ?? 'text';
  const [watch, deep] = [input.flag('watch'), input.flag('deep')];
  const isOne = args.length === 1 && options.cluster.connect.manifests === undefined;
  const parallel = input.number('parallel', [1, 256]) ?? PARALLEL;
  const lines = isOne ? (input.number('lines', [1, 1000]) ?? LINES) : 0;
  const machines = { join: joinAgain(input, options), parallel, lines };
  if (watch && deep) input.issue('--deep: it reads once, and --watch follows the cluster alone');
  input.accept();

  if (watch) {
    await showEach(call, followStatus(world, options), format);
    return EXIT.done;
  }
  const found = isOne
    ? await oneStatus(world, options, machines)
    : deep
      ? await withMachines(world, await meshStatus(world, options), machines)
      : await meshStatus(world, options);
  terminal.out(isOne && format === 'text' ? formatDetails(found) : formatted(found, format));
  return found.vms.some(({ machine }) => machine && 'problem' in machine) ? EXIT.problem : EXIT.done;
}

function formatted(found: MeshStatus, format: StatusFormat): string | readonly string[] {
  switch (format) {
    case 'text':
    case 'wide':
      return formatStatus(found, format === 'wide');
    case 'json':
    case 'yaml':
      return formatDocument(found, format);
  }
}
