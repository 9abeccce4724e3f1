import { parseEnv } from '../../mesh/env-value.ts';
import type { UnitState } from '../../vm/picture/picture.ts';
import type { Seen } from '../check.ts';
import { hasIstioRules } from './capture.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

/** Whether the VM is in a mesh at all. */
export const JOINED_CHECK: VmCheck = {
  ...{ id: 'vm-joined', category: 'vm', severity: 'error' },
  title: 'the VM is in the mesh',
  needs: [...SUBJECT, 'isJoined', 'units', 'env', 'processes', 'certificates', 'tokens', 'nat'],
  judge: joined,
};

function joined(facts: VmFacts): readonly Seen[] {
  if (!isOutside(facts)) return [];
  const detail =
    'it is not in the mesh: it has no record of a join, and no settings, identity, rules or process of a sidecar';
  const hint = `Join it: ${facts.meshx('up')}; what a join would meet: ${facts.meshx('check', '--pre')}`;
  return [wrongOn(facts, detail, { hint })];
}

/**
 * Whether the machine has nothing of a mesh VM, where most checks mean nothing. What was set up by hand counts as much as a join of
 * meshx; an installed package alone is nothing. False if a part is unknown.
 */
export function isOutside(facts: Partial<VmFacts>): boolean {
  const { isJoined, units, env, processes, certificates, tokens, nat } = facts;
  if (isJoined !== false || !units || !env || !processes || !certificates || !tokens || !nat) return false;
  const settings = [...env.values()].flatMap((text) => [...parseEnv(text)]);
  const signs = [settings.length, processes.length, certificates.size, tokens.size];
  return signs.every((count) => count === 0) && !units.some(isInUse) && !hasIstioRules(nat);
}

/** The package brings istio.service, which nothing starts before a join. */
function isInUse({ name, load, active, file }: UnitState): boolean {
  if (load === 'not-found') return false;
  return name.startsWith('meshx-') || load === 'masked' || active !== 'inactive' || file === 'enabled';
}
