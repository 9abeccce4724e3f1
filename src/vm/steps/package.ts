import type { Resource, Step } from '../../reconcile/resource.ts';
import type { VmInput } from '../input.ts';
import { PROXY_USER } from '../places.ts';
import { proxyDirectory } from '../wants.ts';
import { SETTINGS_DIRECTORIES } from './settings.ts';

/** The binaries, and the user and directories of Istio's own package. */
export function packageStep({ package: sidecar }: VmInput): Step {
  return {
    id: 'package',
    title: 'Install the sidecar',
    // The user first, as it owns some of the directories. A directory of binaries has no postinst that creates it.
    wants: [
      { kind: 'user', name: PROXY_USER, home: '/var/lib/istio' },
      ...(sidecar ? [{ kind: 'package', ...sidecar } satisfies Resource] : []),
      ...SETTINGS_DIRECTORIES,
      proxyDirectory('/var/log/istio'),
      proxyDirectory('/etc/certs'),
    ],
  };
}
