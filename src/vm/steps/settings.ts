import type { Resource } from '../../reconcile/resource.ts';
import { AFTER_PACKAGE, PLACES, ROOT } from '../places.ts';
import { proxyDirectory, settingsDirectory } from '../wants.ts';

/**
 * Directories of the settings, which root reads: root's, from the top down, so that none can be replaced while those below it
 * change their owner. The sidecar has a place of its own for all that it writes.
 */
export const SETTINGS_DIRECTORIES: readonly Resource[] = [
  ...['/var/lib/istio', '/var/lib/istio/envoy', '/var/lib/istio/config'].map(settingsDirectory),
  proxyDirectory('/var/lib/istio/proxy'),
  proxyDirectory(PLACES.agentData),
];

/** Settings that a command does not write: whatever they hold, they become root's. */
export function keptSettings(...paths: readonly string[]): readonly Resource[] {
  return paths.map((path) => ({ kind: 'kept-file', path, owner: ROOT, mode: '0644', after: AFTER_PACKAGE }));
}
