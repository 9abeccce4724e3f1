import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/**
 * Path of a sidecar package as users of Istio 0.2 have one: the layout of the time, with small programs of our own in
 * place of Istio's (test/e2e/support/classic-package). None is published any more.
 */
export async function classicPackage(lab: Lab): Promise<string> {
  const tree = join(lab.home, 'classic-package');
  const deb = join(lab.home, 'istio-sidecar-0.2.deb');
  await mkdir(lab.home, { recursive: true });
  await cp(join(lab.names.project, 'test/e2e/support/classic-package'), tree, { recursive: true });
  await must(['chmod', '-R', 'u=rwX,go=rX', tree]);
  await must(['dpkg-deb', '--root-owner-group', '-Zgzip', '--build', tree, deb]);
  return deb;
}
