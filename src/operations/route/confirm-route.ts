import { poll } from '../../cluster/api/poll.ts';
import { subsetsOf } from '../../mesh/current/routes.ts';
import { routeProblems } from '../../problems/route.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import { readView } from '../proxy/read-view.ts';
import type { PlannedRoute } from './plan-route.ts';

/** The clusters to which the routes of a VM's sidecar lead for a service, in the order of their names. */
export type Clusters = readonly string[];

export interface Confirming {
  readonly vm: string;
  readonly machine: MachineOptions;
  readonly timeoutMs: number;
}

/** Where requests from the VM to the service go now. */
export async function clustersOn(world: World, { vm, machine }: Confirming, host: string): Promise<Clusters> {
  const report = await readView(world, () => openMachine(world, machine, vm), { view: 'routes' });
  const routes = report.view === 'routes' ? report.routes : [];
  const names = routes
    .flatMap(({ virtualHosts }) => virtualHosts.flatMap((each) => each.routes))
    .flatMap(({ clusters = [] }) => clusters.map(({ name }) => name))
    .filter((name) => name.startsWith('outbound|') && name.endsWith(`|${host}`));
  return [...new Set(names)].sort();
}

/** Waits until the routes of the VM lead to the subsets of the rule, or to none after a removal. Throws `route-not-arrived`. */
export async function confirmOn(world: World, confirming: Confirming, { host, rule }: PlannedRoute): Promise<Clusters> {
  const wanted = rule === undefined ? [] : subsetsOf(rule).map(({ name }) => name);
  const arrived = (clusters: Clusters): boolean => {
    const subsets = clusters.flatMap((name) => name.split('|')[2] || []);
    return wanted.every((name) => subsets.includes(name)) && subsets.every((name) => wanted.includes(name));
  };
  const { timeoutMs, vm } = confirming;
  const options = { timeoutMs, signal: world.signal, what: `wait for the routes of ${vm}` };
  const clusters = await poll(() => clustersOn(world, confirming, host), arrived, options);
  if (!arrived(clusters)) throw routeProblems.notArrived({ vm, host, clusters, seconds: timeoutMs / 1000 });
  return clusters;
}
