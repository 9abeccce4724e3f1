import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Ends the lab and looks whether anything of it is left: a namespace, a process, a mount, a folder fails the run. */
export async function teardown(): Promise<void> {
  await Promise.resolve();
  const args = ['--import', 'tsx', 'test/lab/main.ts', 'down'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // Not thrown: jest would then drop its report of the tests. The exit code alone fails the run.
  if (status !== 0) process.exitCode = 1;
}

export { teardown as default };
