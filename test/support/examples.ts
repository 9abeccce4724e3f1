import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './run-cli.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url).pathname;

/** A copy of an example cluster that a test may write into. */
export function exampleCluster(generation: 'classic' | 'current'): string {
  const folder = join(temporaryFolder(), `${generation}-cluster`);
  cpSync(join(EXAMPLES, `${generation}-cluster`), folder, { recursive: true });
  return folder;
}

/** Names another root namespace than that of the control plane in the mesh config of a copy. */
export function setRootNamespace(cluster: string, name: string): void {
  const file = join(cluster, 'istio-configmaps.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('rootNamespace: istio-system', `rootNamespace: ${name}`));
}

/** The example package, read in place. */
export const examplePackage = join(EXAMPLES, 'sidecar-package');

/** A copy of the example image: a directory that can stand for a VM. */
export function exampleImage(): string {
  const folder = join(temporaryFolder(), 'image');
  cpSync(join(EXAMPLES, 'image'), folder, { recursive: true });
  return folder;
}
