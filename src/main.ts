import { readFileSync } from 'node:fs';

// Nothing else is imported here: whatever the operator asks for, this file is loaded first.

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file && 'version' in file ? String(file.version) : 'unknown';
}

// A reader such as `head` that closes the pipe is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

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
  process.exitCode = await (await import('./start.ts')).start(words, version());
}
