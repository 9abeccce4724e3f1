import type { DirectoryWant } from '../reconcile/kinds/directory.ts';
import type { FileWant } from '../reconcile/kinds/file.ts';
import { AFTER_PACKAGE, PROXY, ROOT } from './places.ts';

/** A directory that only the sidecar writes to. */
export function proxyDirectory(path: string, mode = '0755'): DirectoryWant {
  return { kind: 'directory', path, owner: PROXY, mode, contents: 'ours' };
}

/** A directory of root. */
export function rootDirectory(path: string, mode = '0755'): DirectoryWant {
  return { kind: 'directory', path, owner: ROOT, mode, contents: 'ours' };
}

/** A file of the sidecar's user. */
export function proxyFile(path: string, content: string, mode = '0644'): FileWant {
  return { kind: 'file', path, content, owner: PROXY, mode };
}

/** A file that only root may change. */
export function rootFile(path: string, content: string, mode = '0644'): FileWant {
  return { kind: 'file', path, content, owner: ROOT, mode };
}

/** A settings directory: the package's scripts give it to the sidecar, so it becomes root's after them. */
export function settingsDirectory(path: string): DirectoryWant {
  return { ...rootDirectory(path), after: AFTER_PACKAGE };
}

/** A settings file, in a settings directory. */
export function settingsFile(path: string, content: string): FileWant {
  return { ...rootFile(path, content), after: AFTER_PACKAGE };
}
