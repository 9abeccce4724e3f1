import type { VmFacts } from '../../mesh/vm-facts.ts';
import { render, type SystemdFile, systemdFile } from '../../templates.ts';
import type { FileWant } from '../../reconcile/kinds/file.ts';
import type { LineWant } from '../../reconcile/kinds/line.ts';
import type { Step } from '../../reconcile/resource.ts';
import { PLACES, ROOT } from '../places.ts';
import { rootFile } from '../wants.ts';

const program = (name: SystemdFile) => rootFile(`${PLACES.programs}/${name}`, systemdFile(name), '0755');
const part = (name: SystemdFile) => rootFile(`${PLACES.programs}/${name}`, systemdFile(name));

/**
 * Files of both generations: capture with its guard and dead-man switch, meshx-bypass, and log rotation. `also` are programs of one
 * generation that an older `capture` contained.
 *
 * The order allows a run to die between two files with a switch armed by any version: an older `capture` is complete until it is
 * replaced, the new one finds all that it calls, and units come after programs. An older `capture` works with either version of the
 * last three parts.
 */
export const captureFiles = (also: readonly FileWant[] = []) => [
  { kind: 'directory', path: PLACES.programs, owner: ROOT, mode: '0755', contents: 'ours' } as const,
  part('rules'),
  part('arming'),
  program('dead-man'),
  ...(['twins.awk', 'twins-iptables.awk', 'twins-nft.awk', 'redirect', 'settings'] as const).map(part),
  program('guard'),
  ...also,
  program('capture'),
  ...(['firewall', 'processes', 'settings.awk'] as const).map(part),
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

/**
 * ufw runs this file of the administrator, if it is executable, at the end of each load. meshx derives its rules from the rules that ufw
 * just loaded; a copy in before.rules would still accept sources that ufw has denied since.
 */
const UFW_HOOK: LineWant = {
  kind: 'line',
  path: '/etc/ufw/after.init',
  line: render('ufw-hook', { WATCH: PLACES.watch }).trimEnd(),
  after: 'set -e',
  mode: '0750',
};

/** meshx's own units. A unit in /etc hides the package's unit of the same name in /lib. */
export function unitsStep({ ufw }: Pick<VmFacts, 'ufw'>): Step {
  return {
    id: 'units',
    title: 'Install the units',
    wants: [
      ...captureFiles([program('restore'), program('sidecar-prepare')]),
      rootFile(PLACES.resolver, systemdFile('resolver'), '0755'),
      rootFile(`${PLACES.units}/meshx-resolver.service`, systemdFile('meshx-resolver.service')),
      rootFile(PLACES.sidecarStart, systemdFile('sidecar-start'), '0755'),
      rootFile(PLACES.watch, systemdFile('watch'), '0755'),
      rootFile(`${PLACES.units}/meshx-watch.service`, systemdFile('meshx-watch.service')),
      rootFile(`${PLACES.units}/istio.service`, systemdFile('istio.service')),
      rootFile(`${PLACES.units}/meshx-capture.service`, systemdFile('meshx-capture.service')),
      ...(ufw ? [UFW_HOOK] : []),
    ],
  };
}
