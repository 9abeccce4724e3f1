// Node's test environment that, when a test of the lab fails, prints what the lab's parts have to say.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestEnvironment } from 'jest-environment-node';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// A broken lab fails every test after it: the first reports are the ones that tell.
const MOST = 3;

class DiagnosingEnvironment extends TestEnvironment {
  #reported = 0;

  async handleTestEvent(event) {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    if (++this.#reported > MOST) return;
    const title = event.test?.name ?? 'a hook';
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'test/lab/main.ts', 'diagnostics'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    const folder = join(root, '.results/diagnostics');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${title.replaceAll(/\W+/g, '-').slice(0, 80)}.txt`), stdout + stderr);
    process.stderr.write(
      `\n--- the lab at the failure of: ${title}\n${String(event.error?.message ?? event.error)}\n${stdout}${stderr}---\n`,
    );
  }
}

export { DiagnosingEnvironment as default };
