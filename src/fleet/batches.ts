import type { Fleet, FleetVm } from './fleet.ts';
import { matching } from './limit.ts';
import type { BatchSize, Rollout } from './schema.ts';

/** VMs that are changed together. Those of a canary batch are watched before the next batch begins. */
export interface Batch {
  readonly canary: boolean;
  readonly vms: readonly string[];
}

/**
 * The batches of a run over some VMs of a fleet. The canaries among all VMs of the fleet that the run may touch come first, whether they
 * need a change or not: nothing may pass a canary that was never watched. The others follow by `serial`, whose percentages are of
 * all of them, at least one. Without others there is nothing to protect, and a canary that needs nothing is left out. Pure.
 */
export function batchesOf(fleet: Fleet, chosen: readonly FleetVm[], due: ReadonlySet<string>): readonly Batch[] {
  const { rollout } = fleet;
  // Named among all VMs of the fleet: a run that leaves a canary out must not take its name for a mistake.
  const named = matching(fleet, rollout.canary?.hosts ?? []).map(({ name }) => name);
  const canaries = named.filter((name) => chosen.some((vm) => vm.name === name));
  const others = ordered(chosen, rollout.order)
    .map(({ name }) => name)
    .filter((name) => due.has(name) && !canaries.includes(name));
  const first = canaries.filter((name) => others.length > 0 || due.has(name));
  const rest = sizesOf(rollout.serial, others.length).map(([from, to]) => ({
    canary: false,
    vms: others.slice(from, to),
  }));
  return [...(first.length > 0 ? [{ canary: true, vms: first }] : []), ...rest];
}

function ordered(vms: readonly FleetVm[], order: Rollout['order'] = 'file'): readonly FleetVm[] {
  switch (order) {
    case 'file':
      return vms;
    case 'reverse':
      return vms.toReversed();
    case 'sorted':
      return vms.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Beginning and end of each batch. All at once without sizes; the last size repeats. */
function sizesOf(serial: Rollout['serial'], total: number): readonly (readonly [number, number])[] {
  const sizes = serial === undefined ? [Math.max(total, 1)] : [serial].flat().map((size) => countOf(size, total));
  const batches: (readonly [number, number])[] = [];
  for (let from = 0; from < total;) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? total;
    batches.push([from, Math.min(from + size, total)]);
    from += size;
  }
  return batches;
}

function countOf(size: BatchSize, total: number): number {
  return Math.max(1, typeof size === 'number' ? size : Math.floor((total * Number.parseInt(size, 10)) / 100));
}

/** How many VMs may fail: percentages are of all VMs of the run, rounded down. Pure. */
export function mostFailures({ 'max-fail': most = 0 }: Rollout, total: number): number {
  return typeof most === 'number' ? most : Math.floor((total * Number.parseInt(most, 10)) / 100);
}
