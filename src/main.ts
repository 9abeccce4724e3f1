#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { textFile } from './text-files.ts';

// Nothing else is imported here: whatever the operator asks for, this file is loaded first.

function version(): string {
  const file: unknown = JSON.parse(textFile(new URL('../package.json', import.meta.url)));
  return typeof file === 'object' && file && 'version' in file ? String(file.version) : 'unknown';
}

/** A reader that goes away (`| head`, a `tee` that Ctrl-C ended) neither cuts a change in the middle nor hides how it ended. */
function outlive(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const outliveReader = (stream: NodeJS.WriteStream): NodeJS.WriteStream => stream.on('error', outlive);

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--version') print(`${version()}\n`);
else void run();

/** Without process.stdout: opening it takes a tenth of a start. */
function print(text: string): void {
  try {
    writeSync(1, text);
  } catch (error) {
    // as: what node:fs throws.
    outlive(error as NodeJS.ErrnoException);
  }
}

async function run(): Promise<void> {
  outliveReader(process.stdout);
  // The exit code when nothing is left to wait for and there is still no result, as Node.js ends a module that never
  // settles.
  process.exitCode = 13;
  process.exitCode = (await runAgent()) ?? (await (await import('./start.ts')).start(words, version(), outliveReader));
}

/** The agent stays: it must not hold the command line in memory. */
async function runAgent(): Promise<number | undefined> {
  if (words[0] !== 'agent') return undefined;
  if (words[1] === 'roots') return runRoots();
  if (words[1] === 'unit') return runForUnit();
  if (words[1] !== 'run') return undefined;
  const { stdout, env } = process;
  const { agentMain } = await import('./agent/main.ts');
  const write = (line: string): void => void stdout.write(`${line}\n`);
  return agentMain(words.slice(2), { env, version: version(), write, forJournal: !stdout.isTTY });
}

/** For the units of meshx that drain services: no command of people either, and a stop waits for its start. */
async function runForUnit(): Promise<number | undefined> {
  const { unitMain } = await import('./agent/drain/unit-main.ts');
  return unitMain(words.slice(2), (line) => print(`${line}\n`));
}

/** For meshx's own programs on a VM: people do not call it. */
async function runRoots(): Promise<number> {
  const { rootsMain } = await import('./agent/roots-main.ts');
  const complain = (text: string): void => void process.stderr.write(text);
  return rootsMain(words.slice(2), { stdin: process.stdin, print, complain });
}
