import type { Command, Host, Output } from './host.ts';
import { type ShellFile, shellFile } from '../../text-files.ts';

/** A small POSIX script, from a file NAME.root.sh, with its values as "$1", "$2", … Plain data. */
export interface Script {
  /** Becomes $0 as `meshx-NAME`, for `ps` and audit logs. */
  readonly name: string;
  /** Without the prelude. */
  readonly text: string;
  readonly args: readonly string[];
}

const PRELUDE = shellFile(new URL('./prelude.sh', import.meta.url)).text;

/** The prelude, for a text of several scripts. */
export function prelude(): string {
  return PRELUDE;
}

/** The script as text for `sh`, with the prelude. */
export function scriptText(script: Script): string {
  return PRELUDE + script.text;
}

/** A script as a command for root. */
export function scriptCommand(script: Script): Command & { asRoot: true } {
  return { argv: ['sh', '-c', scriptText(script), `meshx-${script.name}`, ...script.args], asRoot: true };
}

/** Runs a script as root. Throws what `Host.run` throws. */
export function runScript(
  host: Host,
  file: ShellFile,
  args: readonly string[],
  { signal, timeoutMs }: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<Output> {
  const command = scriptCommand({ ...file, args });
  return host.run(timeoutMs === undefined ? command : { ...command, timeoutMs }, signal);
}
