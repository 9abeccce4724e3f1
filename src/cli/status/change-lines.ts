import type { MeshStatus, VmStatus } from '../../operations/status/mesh-status.ts';
import { remarksOf, servicesCell } from './table.ts';

/** A VM that is new, or of which something changed; without `now` it is gone. */
export interface VmChange {
  readonly before?: VmStatus;
  readonly now?: VmStatus;
}

/** What differs between two readings. The last report of an agent alone is no difference. */
export function changesBetween(before: MeshStatus | undefined, now: MeshStatus): readonly VmChange[] {
  const former = new Map((before?.vms ?? []).map((vm) => [keyOf(vm), vm]));
  const current = new Map(now.vms.map((vm) => [keyOf(vm), vm]));
  const changed = [...current].flatMap(([key, vm]): readonly VmChange[] => {
    const old = former.get(key);
    if (!old) return [{ now: vm }];
    return wordsOf(old) === wordsOf(vm) ? [] : [{ before: old, now: vm }];
  });
  // A VM without an entry that gets one is the same VM.
  const names = new Set(now.vms.map(nameOf));
  const gone = [...former].filter(
    ([key, vm]) => !current.has(key) && !(vm.state === 'absent' && names.has(nameOf(vm))),
  );
  return [...changed, ...gone.map(([, vm]) => ({ before: vm }))];
}

/** `2026-11-30T12:00:00Z vm/web1 (10.0.0.6) degraded, was ready: web:8080 down; web is down: connection refused` */
export function changeLine({ before, now }: VmChange, at: string): string {
  if (!now) return `${at} ${before ? titleOf(before) : ''} gone`;
  const was = before === undefined || before.state === now.state ? '' : `, was ${before.state}`;
  const rest = [servicesCell(now.services), ...remarksOf(now)].filter((words) => words !== '-').join('; ');
  return `${at} ${titleOf(now)} ${now.state}${was}${rest === '' ? '' : `: ${rest}`}`;
}

function titleOf(vm: VmStatus): string {
  return `${nameOf(vm)}${vm.address === undefined || vm.address === '' ? '' : ` (${vm.address})`}`;
}

function nameOf({ namespace, vm }: VmStatus): string {
  return `${namespace}/${vm}`;
}

function keyOf(vm: VmStatus): string {
  return `${vm.namespace}/${vm.entry ?? ''}/${vm.vm}`;
}

function wordsOf({ agent, ...vm }: VmStatus): string {
  const { lastWord: _unused, ...rest } = agent ?? {};
  return JSON.stringify([vm, rest]);
}
