import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toShell } from '../../../src/shell-words.ts';
import { fileBlocks } from '../../docs/pages.ts';
import { run } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { Session } from './session.ts';

/** Milliseconds that one command of a page may take on a slow machine. */
const LIMIT = 150_000;

export interface Answered {
  readonly exit: number | undefined;
  /** Both streams, without control codes. */
  readonly output: string;
}

interface Settings {
  /** The working directory. */
  readonly folder: string;
  /** The executable that a reader has installed. */
  readonly meshx: string;
  /** Variables of the reader's shell. */
  readonly env: Readonly<Record<string, string>>;
}

/** A reader of the pages at the operator's workstation, who pastes their commands into a shell. */
export class Reader {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #variables: readonly string[];

  private constructor(lab: Lab, { folder, env }: Settings) {
    this.#lab = lab;
    this.#folder = folder;
    const path = `${join(folder, 'bin')}:${process.env['PATH']}`;
    this.#variables = Object.entries({ ...env, PATH: path }).map(([name, value]) => `${name}=${value}`);
  }

  static async at(lab: Lab, settings: Settings): Promise<Reader> {
    const reader = new Reader(lab, settings);
    const there = lab.workstation();
    const { parts, names, home } = lab;
    await reader.#program('meshx', [...there, settings.meshx]);
    await reader.#program('kubectl', [...there, join(parts.kubernetes, 'kubectl')]);
    await reader.#program('ssh', [...there, '/usr/bin/ssh', '-F', join(home, '.ssh/config'), '-o', 'BatchMode=yes']);
    // Of test/lab/README.md: `npm run lab -- …`.
    const tsx = join(names.project, 'node_modules/tsx/dist/loader.mjs');
    await reader.#program('lab', [process.execPath, '--import', tsx, join(names.project, 'test/lab/main.ts')]);
    return reader;
  }

  /** Writes the files that a page shows as blocks/1, blocks/2, …: a reader copies them. */
  async open(page: string): Promise<void> {
    await rm(join(this.#folder, 'blocks'), { recursive: true, force: true });
    await mkdir(join(this.#folder, 'blocks'));
    for (const [at, text] of fileBlocks(page).entries())
      await writeFile(join(this.#folder, 'blocks', String(at + 1)), text);
  }

  async type(line: string): Promise<Answered> {
    const { exitCode, stdout, stderr } = await run(this.#shell(line), { timeoutMs: LIMIT });
    return { exit: exitCode, output: plain(stderr + stdout) };
  }

  async typeOn(vm: string, line: string): Promise<Answered> {
    const { exitCode, stdout, stderr } = await this.#lab.ssh(vm, line, { timeoutMs: LIMIT });
    return { exit: exitCode, output: plain(stderr + stdout) };
  }

  /** On a terminal, where each question is answered. */
  async typeAndAnswer(line: string, answer: string): Promise<Answered> {
    using terminal = new Session(['script', '-qec', toShell(this.#shell(line)), '/dev/null']);
    let answered = 0;
    const ended = (): boolean => {
      const { output } = terminal;
      if (output.length > answered && plain(output).endsWith('[y/N] ')) {
        terminal.send(answer);
        answered = output.length;
      }
      return terminal.ended;
    };
    await this.#lab.waitFor(`the end of ${line}`, ended, { timeoutMs: LIMIT, everyMs: 20 });
    return { exit: terminal.exitCode, output: plain(terminal.output) };
  }

  #shell(line: string): readonly string[] {
    return ['env', '-C', this.#folder, ...this.#variables, 'bash', '-c', `set -eo pipefail; ${line}`];
  }

  async #program(name: string, argv: readonly string[]): Promise<void> {
    const file = join(this.#folder, 'bin', name);
    await mkdir(join(this.#folder, 'bin'), { recursive: true });
    await writeFile(file, ['#!/bin/sh', `exec ${toShell(argv)} "$@"`, ''].join('\n'));
    await chmod(file, 0o755);
  }
}

function plain(output: string): string {
  return output.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}
