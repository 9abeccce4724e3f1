import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';
import { parsePicture } from './parse-picture.ts';
import type { VmPicture } from './picture.ts';

const PICTURE = shellFile(new URL('./picture.root.sh', import.meta.url));

/** Seconds after which parts that still run are ended. A lookup in a loop takes 8 s, a closed way 4 s. */
const MOST = 20;

/** Reads a mesh VM by one command. Changes nothing. Throws `probe-failed`, and what `Host.run` throws. */
export async function readVmPicture(host: Host, signal?: AbortSignal): Promise<VmPicture> {
  // Conditions are asked once: `check --wait` asks again.
  const output = await runScript(host, PICTURE, ['0', String(MOST)], { timeoutMs: (MOST + 20) * 1000, signal });
  const picture = parsePicture(output.stdout);
  if (Object.keys(picture).length === 0)
    throw reconcileProblems.probeFailed({ host: host.name, probe: 'the check of the VM', ...output });
  return picture;
}
