import { realpathSync, statSync } from 'node:fs';
import { reconcileProblems } from '../problems/reconcile.ts';
import type { Command, Host, Output } from './run/host.ts';
import { LocalHost } from './local-host.ts';

export interface RootDirectoryOptions {
  /** Must exist, and must not be the root of this machine. */
  readonly directory: string;
}

/**
 * A directory that becomes the file system of a machine. Runs only meshx's own scripts, on this machine with `$R` set, which keeps
 * them inside the directory: programs of the image may not run here. Needs no root; owners are in the manifest `DIR.owners`.
 */
export class RootDirectoryHost implements Host {
  readonly name: string;
  readonly #directory: string;
  readonly #local: LocalHost;

  constructor({ directory }: RootDirectoryOptions) {
    this.name = directory;
    this.#directory = realDirectory(directory);
    this.#local = new LocalHost({ name: directory });
  }

  /** Throws the Problem `root-directory-runs-nothing` for anything but a named script of meshx. */
  async run({ asRoot: _asRoot, ...command }: Command, signal?: AbortSignal): Promise<Output> {
    if (!isScript(command.argv)) {
      throw reconcileProblems.rootDirectoryRuns({ directory: this.name, program: command.argv[0] });
    }
    const argv = ['env', `MESHX_ROOT=${this.#directory}`, ...command.argv] as const;
    return this.#local.run({ ...command, argv }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#local[Symbol.asyncDispose]();
  }
}

/** `sh -c TEXT meshx-NAME …`, or `sh -s meshx-NAME` with the text on stdin. */
function isScript([program, flag, text, name]: readonly string[]): boolean {
  if (program !== 'sh') return false;
  return /^meshx-[a-z-]+$/.test((flag === '-s' ? text : name) ?? '') && (flag === '-s' || flag === '-c');
}

function realDirectory(directory: string): string {
  const real = realPath(directory);
  const detail = real === undefined ? 'it does not exist or cannot be entered' : refusal(real);
  if (real === undefined || detail !== undefined) {
    throw reconcileProblems.rootDirectoryInvalid({ directory, detail: detail ?? '' });
  }
  return real;
}

function realPath(directory: string): string | undefined {
  try {
    return realpathSync(directory);
  } catch {
    // Missing, a loop of links, or no permission: one message for the operator.
    return undefined;
  }
}

function refusal(real: string): string | undefined {
  if (real === '/') return 'it is the root of this machine';
  return statSync(real).isDirectory() ? undefined : 'it is not a directory';
}
