import { systemdFile } from '../../templates.ts';
import type { Step } from '../../reconcile/resource.ts';
import { PLACES, ROOT } from '../places.ts';
import { rootFile } from '../wants.ts';

/** What both generations get: the capture script with its guard and its dead-man switch, the way out, and log rotation. */
export const captureFiles = () => [
  { kind: 'directory', path: '/usr/local/lib/meshx', owner: ROOT, mode: '0755', contents: 'ours' } as const,
  // Before the script that reads them.
  rootFile(PLACES.settings, systemdFile('settings.awk')),
  rootFile(PLACES.firewall, systemdFile('firewall')),
  rootFile(PLACES.capture, systemdFile('capture'), '0755'),
  rootFile(PLACES.bypass, systemdFile('meshx-bypass'), '0755'),
  rootFile(`${PLACES.units}/meshx-guard.service`, systemdFile('meshx-guard.service')),
  rootFile(`${PLACES.units}/meshx-revert.service`, systemdFile('meshx-revert.service')),
  rootFile(PLACES.revertTimer, systemdFile('meshx-revert.timer')),
  {
    ...rootFile('/etc/tmpfiles.d/meshx.conf', systemdFile('meshx.tmpfiles.conf')),
    makes: ['/etc/istio', '/run/secrets', '/run/secrets/tokens', '/run/secrets/workload-spiffe-uds'],
  },
  rootFile('/etc/logrotate.d/meshx', systemdFile('meshx.logrotate')),
];

/** meshx's own units, in place of the package's. A unit in /etc hides the one of the same name in /lib. */
export function unitsStep(): Step {
  return {
    id: 'units',
    title: 'Install the units',
    wants: [
      ...captureFiles(),
      rootFile(PLACES.resolver, systemdFile('resolver'), '0755'),
      rootFile(`${PLACES.units}/meshx-resolver.service`, systemdFile('meshx-resolver.service')),
      rootFile(PLACES.sidecarStart, systemdFile('sidecar-start'), '0755'),
      rootFile(`${PLACES.units}/istio.service`, systemdFile('istio.service')),
      rootFile(`${PLACES.units}/meshx-capture.service`, systemdFile('meshx-capture.service')),
    ],
  };
}
