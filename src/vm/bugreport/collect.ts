import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';

const COLLECT = shellFile(new URL('./collect.root.sh', import.meta.url));

/** What a bug report shows of a machine, by the function of the script that prints it. */
export const MACHINE_PARTS = [
  ...(['system', 'versions', 'units', 'journal', 'settings', 'files', 'rules', 'sidecar_log', 'agent'] as const),
] as const;

export type MachinePart = (typeof MACHINE_PARTS)[number];

/** Of one part, and of what it becomes when it is unpacked. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Of one part; its commands have limits of their own. */
const LIMIT_MS = 90_000;

/** The text of one part, by one command. It may hold secrets. Throws `probe-failed` and what `Host.run` throws. */
export async function collectPart(host: Host, part: MachinePart, signal: AbortSignal): Promise<string> {
  const output = await runScript(host, COLLECT, [String(MOST_BYTES), part], { signal, timeoutMs: LIMIT_MS });
  const [, form, data = ''] = new RegExp(`^${part} (packed|plain) ([A-Za-z0-9+/=]+)$`, 'm').exec(output.stdout) ?? [];
  if (output.exitCode !== 0 || form === undefined)
    throw reconcileProblems.probeFailed({ host: host.name, probe: `the part ${part} of a bug report`, ...output });
  const bytes = Buffer.from(data, 'base64');
  if (form === 'plain') return bytes.toString('utf8');
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES + 1 })).toString('utf8');
  } catch (error) {
    throw reconcileProblems.probeFailed(
      { host: host.name, probe: `the part ${part} of a bug report`, exitCode: 0, stderr: String(error) },
      error,
    );
  }
}
