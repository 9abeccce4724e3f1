import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../src/text-files.ts';
import { run, tail } from './command.ts';
import type { Names } from './names.ts';
import { sshArgv, vmRecords } from './operator.ts';

const ON_A_VM = shellFile(new URL('vm-state.sh', import.meta.url)).text;

/** What one wants to read after a failure: the end of each log and the state of each VM. */
export async function diagnostics(names: Names): Promise<string> {
  const folder = join(names.run, 'log');
  const logs = (await readdir(folder).catch(() => [])).filter(
    (log) => log.endsWith('.log') && !log.startsWith('audit'),
  );
  const sections = await Promise.all(
    logs.map(
      async (log) => `=== ${log}\n${tail(telling(await readFile(join(folder, log), 'utf8').catch(() => '')), 25)}`,
    ),
  );
  for (const vm of await vmRecords(names)) {
    const ran = await run(sshArgv(names, vm.name, [ON_A_VM]), { timeoutMs: 20_000 }).catch((error: unknown) => ({
      stdout: '',
      stderr: String(error),
    }));
    sections.push(`=== ${vm.name} (${vm.suite}, ${vm.ip})\n${ran.stdout}${ran.stderr}`);
  }
  return sections.join('\n');
}

/** Envoy warns of each deprecated field again and again, in lines of 500 characters that hide what happened. */
function telling(log: string): string {
  return log.replaceAll(/^.*Deprecated field: .*\n/gm, '');
}
