import type { DirectoryWant } from '../reconcile/kinds/directory.ts';
import type { FileWant } from '../reconcile/kinds/file.ts';
import { PROXY, ROOT } from './places.ts';

/** A directory of the sidecar, which alone fills it. */
export function proxyDirectory(path: string, mode = '0755'): DirectoryWant {
  return { kind: 'directory', path, owner: PROXY, mode, contents: 'ours' };
}

/** A directory in which root makes what belongs to others. */
export function rootDirectory(path: string, mode = '0755'): DirectoryWant {
  return { kind: 'directory', path, owner: ROOT, mode, contents: 'ours' };
}

/** A file of the sidecar. */
export function proxyFile(path: string, content: string, mode = '0644'): FileWant {
  return { kind: 'file', path, content, owner: PROXY, mode };
}

/** A file that only root may change. */
export function rootFile(path: string, content: string, mode = '0644'): FileWant {
  return { kind: 'file', path, content, owner: ROOT, mode };
}
