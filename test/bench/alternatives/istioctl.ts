import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, ISTIOD } from '../bench.ts';
import type { Spawned } from '../inside/protocol.ts';
import type { Vm } from '../vms.ts';

const SCRIPT = fileURLToPath(new URL('istioctl.sh', import.meta.url));
/** Some ten times what it takes. */
const LIMIT_MS = 30_000;

/** The operator's ssh_config and no question. */
export function sshOptions({ lab }: Bench): readonly string[] {
  return ['-F', join(lab.home, '.ssh/config'), '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5'];
}

export function kubectlOf({ lab }: Bench): string {
  return join(lab.parts.kubernetes, 'kubectl');
}

export function istioctlOf({ lab }: Bench): string {
  return join(lab.parts.istio, 'istioctl');
}

/** Istio's manual, with the system's scp and ssh; `master` keeps one connection for all of them. */
export async function joinByIstioctl(
  bench: Bench,
  { namespace, vm, master }: { readonly namespace: string; readonly vm: Vm; readonly master: boolean },
): Promise<Spawned> {
  const folder = join(bench.folder, `istioctl-${vm.name}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const shared = ['-o', 'ControlMaster=auto', '-o', `ControlPath=${folder}/master`, '-o', 'ControlPersist=60s'];
  const options = [...sshOptions(bench), ...(master ? shared : [])];
  const words = [kubectlOf(bench), istioctlOf(bench), namespace, vm.name, bench.lab.deb, folder, ISTIOD, ...options];
  return await bench.inside.spawn({ argv: ['sh', SCRIPT, ...words], limitMs: LIMIT_MS, memory: true });
}
