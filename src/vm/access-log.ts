import type { Host } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { shellFile } from '../text-files.ts';

const LOG = shellFile(new URL('./access-log.root.sh', import.meta.url));
const LIMIT_MS = 60_000;
/** How long the VM waits for the next lines. */
const WAIT_S = 20;

/** Lines of the log of a sidecar, which is a file on the VM. */
export interface LogPart {
  /** Those that may be lines of the access log. */
  readonly lines: readonly string[];
  /** Whether Envoy writes an access log; absent if it did not answer, and for a later part. */
  readonly logging?: boolean;
  /** Bytes of the file up to here. */
  readonly next: number;
}

/** The last lines of the access log. Throws `probe-failed`. */
export function readAccessLog(host: Host, tail: number, signal: AbortSignal): Promise<LogPart> {
  return ask(host, [String(tail)], signal);
}

/** The lines behind a part, once some are there. Each turn is one command on the open connection; ends with the signal. */
export async function* followAccessLog(host: Host, { next }: LogPart, signal: AbortSignal): AsyncIterable<string> {
  for (let from = next; !signal.aborted;) {
    const part = await ask(host, [String(from), String(WAIT_S)], signal);
    yield* part.lines;
    from = part.next;
  }
}

/** The lines behind a part, which is waited for up to `seconds`. Throws `probe-failed`. */
export function readAccessLogAfter(
  host: Host,
  { next }: LogPart,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<LogPart> {
  return ask(host, [String(next), String(seconds)], signal);
}

async function ask(host: Host, args: readonly string[], signal: AbortSignal): Promise<LogPart> {
  const output = await runScript(host, LOG, args, { signal, timeoutMs: LIMIT_MS });
  const part = output.exitCode === 0 ? parsePart(output.stdout) : undefined;
  if (part) return part;
  throw reconcileProblems.probeFailed({ host: host.name, probe: 'the access log', ...output });
}

/** Undefined without the last line, which says where to go on. */
function parsePart(stdout: string): LogPart | undefined {
  const lines = stdout.split('\n');
  const next = /^next (\d{1,15})$/.exec(lines.at(-2) ?? '')?.[1];
  if (next === undefined) return undefined;
  const logging = /^logging (on|off)$/.exec(lines[0] ?? '')?.[1];
  return {
    lines: lines.flatMap((line) => (line.startsWith('|') ? [line.slice(1)] : [])),
    ...(logging !== undefined && { logging: logging === 'on' }),
    next: Number(next),
  };
}
