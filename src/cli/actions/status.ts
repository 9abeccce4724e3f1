import { parseName } from '../../mesh/names.ts';
import { followStatus } from '../../operations/status/follow-status.ts';
import type { MeshStatus } from '../../operations/status/mesh-status.ts';
import { meshStatus } from '../../operations/status/status.ts';
import { present } from '../../present.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { formatDocument } from '../print.ts';
import { FORMATS, showEach, type StatusFormat } from '../status/follow.ts';
import { formatStatus } from '../status/table.ts';

/** `meshx status [VM…]` */
export async function status(call: Call): Promise<void> {
  const input = new Input('status', call);
  const cluster = clusterOptions(input);
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const format = input.choice('output', FORMATS) ?? 'text';
  input.accept();

  const options = { cluster, vms: call.args, ...present({ namespace }) };
  if (input.flag('watch')) return await showEach(call, followStatus(call.world, options), format);
  call.terminal.out(formatted(await meshStatus(call.world, options), format));
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
