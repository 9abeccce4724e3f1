import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url).pathname;

/** A copy of an example that a test may write into. */
export function copyExample(name: 'image' | `${'classic' | 'current'}-cluster`, folder = temporaryFolder()): string {
  const copy = join(folder, name);
  cpSync(join(EXAMPLES, name), copy, { recursive: true });
  return copy;
}

export const exampleCluster = (generation: 'classic' | 'current'): string => copyExample(`${generation}-cluster`);

/** Names another root namespace than that of the control plane in the mesh config of a copy. */
export function setRootNamespace(cluster: string, name: string): void {
  const file = join(cluster, 'istio-configmaps.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('rootNamespace: istio-system', `rootNamespace: ${name}`));
}

/** The example package, read in place. */
export const examplePackage = join(EXAMPLES, 'sidecar-package');

/** A directory that can be the file system of a VM. */
export const exampleImage = (): string => copyExample('image');
