import { parseName } from '../../mesh/names.ts';
import type { MeshStatus } from '../../operations/status/mesh-status.ts';
import { meshStatus } from '../../operations/status/status.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { formatDocument } from '../print.ts';
import { formatStatus } from '../status/table.ts';

const FORMATS = ['text', 'wide', 'json', 'yaml'] as const;

/** `meshx status [VM…]` */
export async function status(call: Call): Promise<void> {
  const input = new Input('status', call);
  const cluster = clusterOptions(input);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const format = input.choice('output', FORMATS) ?? 'text';
  input.accept();

  const found = await meshStatus(call.world, { cluster, vms: call.args, ...present({ namespace }) });
  call.terminal.out(formatted(found, format));
}

function formatted(found: MeshStatus, format: (typeof FORMATS)[number]): string | readonly string[] {
  switch (format) {
    case 'text':
    case 'wide':
      return formatStatus(found, format === 'wide');
    case 'json':
    case 'yaml':
      return formatDocument(found, format);
  }
}
