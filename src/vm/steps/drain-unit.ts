import type { FileWant } from '../../reconcile/kinds/file.ts';
import type { Resource } from '../../reconcile/resource.ts';
import { render } from '../../templates.ts';
import type { UnitDrain } from '../input.ts';
import { PLACES } from '../places.ts';
import { rootFile } from '../wants.ts';

/** Seconds beside the limit of the service: for the cluster and istiod, at most 10; then until systemd kills the drain. */
const GRACE = { mesh: 12, kill: 15 } as const;

/** The unit that drains a service before the service's own unit stops. */
export function drainUnitName(service: string): string {
  return `meshx-drain-${service}.service`;
}

/** The service of such a unit; undefined for another name. */
export function serviceOfDrainUnit(name: string): string | undefined {
  return /^meshx-drain-([a-z][a-z0-9-]{0,62})\.service$/.exec(name)?.[1];
}

const pathOf = (service: string): string => `${PLACES.units}/${drainUnitName(service)}`;

/** Its file. */
export function drainUnitFile({ service, unit, limitMs }: UnitDrain): FileWant {
  const seconds = Math.ceil(limitMs / 1000) + GRACE.mesh;
  const values = { SERVICE: service, UNIT: unit, SECONDS: String(seconds), LIMIT: String(seconds + GRACE.kill) };
  return rootFile(pathOf(service), render('drain.service', values));
}

/** Running, it waits for the stop of the service's unit. */
export function runningDrainUnit({ service }: UnitDrain): Resource {
  return { kind: 'unit', name: drainUnitName(service), reads: [pathOf(service)] };
}

/** One whose service no longer names a unit: its file stays until the VM is removed from the mesh, without effect. */
export function formerDrainUnit(service: string): readonly Resource[] {
  const name = drainUnitName(service);
  return [
    { kind: 'unit', name, reads: [], active: false },
    { kind: 'enabled', name, enabled: false },
  ];
}
