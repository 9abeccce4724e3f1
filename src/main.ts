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

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--version') process.stdout.write(`${version()}\n`);
else process.exitCode = await (await import('./start.ts')).start(words, version());
