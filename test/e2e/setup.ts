import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Brings the mesh up, before the first test. A lab that does not come up is taken down again. */
export async function setup(): Promise<void> {
  await Promise.resolve();
  if (process.getuid?.() !== 0) throw new Error('the e2e tests boot machines in network namespaces: run them as root');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped(signal));
  try {
    program(['--import', 'tsx', 'test/lab/main.ts', 'up'], 'start of the lab');
  } catch (error) {
    program(['--import', 'tsx', 'test/lab/main.ts', 'diagnostics'], 'diagnostics', () => undefined);
    program(['--import', 'tsx', 'test/lab/main.ts', 'down'], 'end of the lab', () => undefined);
    throw error;
  }
}

/** jest does not run its teardown when it is interrupted. */
function stopped(signal: NodeJS.Signals): never {
  program(['--import', 'tsx', 'test/lab/main.ts', 'down'], 'end of the lab', () => undefined);
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function program(args: readonly string[], what: string, failed?: () => void): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  if (!failed) throw new Error(`${what} failed with ${status}`);
  failed();
}

export { setup as default };
