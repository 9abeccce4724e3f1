import type { Resource } from '../../reconcile/resource.ts';
import { AFTER_PACKAGE, PLACES, ROOT } from '../places.ts';
import { proxyDirectory, settingsDirectory } from '../wants.ts';

/**
 * Directories of settings that root reads. They become root's from the top down, so none can be replaced while those below it change
 * their owner. The sidecar writes to directories of its own.
 */
export const SETTINGS_DIRECTORIES: readonly Resource[] = [
  ...['/var/lib/istio', '/var/lib/istio/envoy', '/var/lib/istio/config'].map(settingsDirectory),
  proxyDirectory('/var/lib/istio/proxy'),
  proxyDirectory(PLACES.agentData),
];

/** Settings files that the command does not write: they become root's with their content unchanged. */
export function keptSettings(...paths: readonly string[]): readonly Resource[] {
  return paths.map((path) => ({ kind: 'kept-file', path, owner: ROOT, mode: '0644', after: AFTER_PACKAGE }));
}
