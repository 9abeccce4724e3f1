import type { DirectoryWant } from '../reconcile/kinds/directory.ts';
import type { FileWant } from '../reconcile/kinds/file.ts';
import { AFTER_PACKAGE, PROXY, ROOT } from './places.ts';

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

/** A directory of the settings: the package gives it to the sidecar, and root takes it back. */
export function settingsDirectory(path: string): DirectoryWant {
  return { ...rootDirectory(path), after: AFTER_PACKAGE };
}

/** A file of settings, in a directory of the settings. */
export function settingsFile(path: string, content: string): FileWant {
  return { ...rootFile(path, content), after: AFTER_PACKAGE };
}
