import type { MeshStatus } from '../../operations/status/mesh-status.ts';
import { visibleJson } from '../../visible.ts';
import type { Surroundings } from '../command.ts';
import { formatDocument } from '../print.ts';
import { changeLine, changesBetween, type VmChange } from './change-lines.ts';
import { formatStatus } from './table.ts';

export const FORMATS = ['text', 'wide', 'json', 'yaml'] as const;
export type StatusFormat = (typeof FORMATS)[number];

/** How often a table is drawn again although nothing changed: its ages do. Milliseconds. */
const REDRAW_MS = 5000;

/** Shows each status until the signal aborts: the table again on a screen; else first all VMs, then a line or a document for each change. */
export async function showEach(
  { terminal, world }: Surroundings,
  statuses: AsyncIterable<MeshStatus>,
  format: StatusFormat,
): Promise<void> {
  const { redraw } = terminal;
  const isTable = format === 'text' || format === 'wide';
  if (isTable && redraw)
    return await drawEach(statuses, (status) => {
      redraw(formatStatus({ ...status, at: world.now().toISOString() }, format === 'wide'));
    });
  let before: MeshStatus | undefined;
  for await (const now of statuses) {
    if (isTable && !before) terminal.out(formatStatus(now, format === 'wide'));
    else for (const change of changesBetween(before, now)) terminal.out(printed(change, now.at, format));
    before = now;
  }
}

async function drawEach(statuses: AsyncIterable<MeshStatus>, draw: (status: MeshStatus) => void): Promise<void> {
  let last: MeshStatus | undefined;
  const timer = setInterval(() => last && draw(last), REDRAW_MS);
  try {
    for await (const status of statuses) draw((last = status));
  } finally {
    clearInterval(timer);
  }
}

function printed(change: VmChange, at: string, format: StatusFormat): string {
  const { before, now } = change;
  const { vm, namespace } = now ?? before ?? { vm: '', namespace: '' };
  const content = now ? { at, ...now } : { at, vm, namespace, gone: true };
  switch (format) {
    case 'text':
    case 'wide':
      return `${changeLine(change, at)}`;
    case 'json':
      return `${visibleJson(content)}\n`;
    case 'yaml':
      return `---\n${formatDocument(content, 'yaml')}`;
  }
}
