import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program and gives its output. Throws with what it printed when it fails or is not installed. */
export async function must(program, args, options = {}) {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 64 * 1024 * 1024, ...options });
    return stdout;
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${program} is not installed`, { cause: error });
    throw new Error(`${program} ${args[0] ?? ''} failed:\n${error.stderr ?? ''}${error.stdout ?? ''}`, {
      cause: error,
    });
  }
}
