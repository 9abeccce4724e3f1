#!/usr/bin/env node
import { textFile } from './text-files.ts';

// Nothing else is imported here: whatever the operator asks for, this file is loaded first.

function version(): string {
  const file: unknown = JSON.parse(textFile(new URL('../package.json', import.meta.url)));
  return typeof file === 'object' && file && 'version' in file ? String(file.version) : 'unknown';
}

/** A reader that goes away (`| head`, a `tee` that Ctrl-C ended) neither cuts a change in the middle nor hides how it ended. */
function outliveReader(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

outliveReader(process.stdout);

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--version') process.stdout.write(`${version()}\n`);
else void run();

async function run(): Promise<void> {
  // The exit code when nothing is left to wait for and there is still no result, as Node.js ends a module that never
  // settles.
  process.exitCode = 13;
  process.exitCode = await (await import('./start.ts')).start(words, version(), outliveReader);
}
