import { readFileSync } from 'node:fs';

// Nothing else is imported here: whatever the operator asks for, this file is loaded first.

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file && 'version' in file ? String(file.version) : 'unknown';
}

/** A reader that goes away (`| head`, a `tee` that Ctrl-C ended) neither cuts a change in the middle nor hides how it ended. */
function outliveReader(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

outliveReader(process.stdout);

/** `completion SHELL` as the build has made it; undefined where it made none for such a shell. */
function completion(shell: string): Buffer | undefined {
  try {
    return /^[a-z]+$/.test(shell) ? readFileSync(new URL(`completion.${shell}`, import.meta.url)) : undefined;
  } catch {
    return undefined;
  }
}

const words = process.argv.slice(2);
const made = words.length === 2 && words[0] === 'completion' ? completion(words[1] ?? '') : undefined;
if (words.length === 1 && words[0] === '--version') process.stdout.write(`${version()}\n`);
else if (made) process.stdout.write(made);
else void run();

async function run(): Promise<void> {
  // Stands when nothing is left to wait for and there is still no result: as Node.js ends a module that never settles.
  process.exitCode = 13;
  process.exitCode = await (await import('./start.ts')).start(words, version(), outliveReader);
}
