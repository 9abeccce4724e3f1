import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.ts';
import { fileSha256 } from '../../../src/reconcile/sha256.ts';

const NAME = 'mirror';
const PORT = 8786;
const PACKAGE = '1.29.1/deb/istio-sidecar.deb';

/** A mirror of Istio's releases on the operator's workstation, with the package of the lab. */
export interface Mirror extends AsyncDisposable {
  readonly url: string;
  /** Of istio-sidecar.deb and its checksum. */
  readonly folder: string;
  /** Paths that were asked for, in order. */
  readonly requests: () => Promise<readonly string[]>;
}

export async function startMirror(lab: Lab): Promise<Mirror> {
  const folder = await mkdtemp(join(tmpdir(), 'meshx-mirror-'));
  const file = join(folder, PACKAGE);
  await mkdir(join(file, '..'), { recursive: true });
  await cp(lab.deb, file);
  await writeFile(`${file}.sha256`, `${await fileSha256(file)} istio-sidecar.deb\n`);
  const log = lab.processes.logOf(NAME);
  await rm(log, { force: true });
  const program = fileURLToPath(new URL('./mirror.mjs', import.meta.url));
  await lab.processes.start(NAME, {
    argv: [process.execPath, program, folder, String(PORT)],
    namespace: lab.names.hub,
  });
  const lines = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n');
  await lab.processes.answers(NAME, 'the mirror to listen', async () => (await lines()).includes('listening'));
  return {
    folder: join(file, '..'),
    url: `http://127.0.0.1:${PORT}/`,
    requests: async () => (await lines()).filter((line) => line.startsWith('GET ')).map((line) => line.slice(4)),
    [Symbol.asyncDispose]: async () => {
      await lab.processes.stop(NAME);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
