import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Suite } from '../../lab/build/root-file-system.ts';
import { built, type Recipe } from '../../lab/cache.ts';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/**
 * Installs packages of Debian on a VM, as its owner would with apt; the VM has no way to a mirror, so this machine
 * fetches them, once. Dependencies that the image lacks are named too.
 */
export async function installOnVm(lab: Lab, vm: string, suite: Suite, packages: readonly string[]): Promise<void> {
  const build = (folder: string): Promise<void> => downloadPackages(folder, suite, ['download', ...packages]);
  await install(lab, vm, { name: `debs-${suite}`, inputs: packages, build });
}

/** The same with everything that the packages depend on and the image of the suite lacks. */
export async function installWholeOnVm(lab: Lab, vm: string, suite: Suite, packages: readonly string[]): Promise<void> {
  const root = lab.parts.roots[suite];
  const status = join(root, 'root/var/lib/dpkg/status');
  const words = ['install', '--download-only', '--yes', '--no-install-recommends', ...packages];
  const build = (folder: string): Promise<void> => downloadPackages(folder, suite, words, status);
  await install(lab, vm, { name: `whole-debs-${suite}`, inputs: [basename(root), ...packages], build });
}

async function install(lab: Lab, vm: string, recipe: Recipe): Promise<void> {
  const folder = await built(lab.names, recipe, () => undefined);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  await lab.mustSsh(vm, 'mkdir -p /var/tmp/debs');
  for (const name of files) {
    await lab.mustSsh(vm, `cat > /var/tmp/debs/${name}`, { input: await readFile(join(folder, name)) });
  }
  const unpack = 'DEBIAN_FRONTEND=noninteractive dpkg -i /var/tmp/debs/*.deb && rm -r /var/tmp/debs';
  await lab.mustSsh(vm, unpack, { timeoutMs: 180_000 });
}
/**
 * Runs apt-get with a state of its own, as this machine's is of another suite, perhaps; the mirror is the machine's. What it downloads is
 * in the folder. `status` names what is installed, as dpkg writes it; nothing by default.
 */
export async function downloadPackages(
  folder: string,
  suite: Suite,
  words: readonly string[],
  status: string = '/dev/null',
): Promise<void> {
  const state = join(folder, 'apt');
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const [mirror = ''] = (await must(['apt-get', 'indextargets', '--format', '$(SITE)', 'Created-By: Packages'])).split(
    '\n',
  );
  await writeFile(join(state, 'sources'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(state, 'sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': state,
    'Dir::State::status': status,
    'Dir::Cache': join(state, 'cache'),
    'Dir::Cache::archives': folder,
    'APT::Sandbox::User': 'root',
  };
  const apt = ['apt-get', '-qq', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
  await must([...apt, 'update'], { timeoutMs: 300_000 });
  await must([...apt, ...words], { cwd: folder, timeoutMs: 300_000 });
  await must(['rm', '-r', state]);
}
