import { isIP } from 'node:net';
import { entryAddress } from '../../cluster/registration/entries.ts';
import { ownAddresses } from '../../vm/preflight/addresses.ts';
import { parseIp } from '../../mesh/address.ts';
import type { Seen } from '../check.ts';
import { nameOf } from '../mesh/objects.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const registration = { category: 'registration', severity: 'error' } as const;

/** Whether the cluster has this VM as it is. */
export const registrationChecks: readonly VmCheck[] = [
  {
    ...{ ...registration, id: 'vm-known' },
    title: 'the cluster has a group or an entry of the VM',
    needs: [...SUBJECT, 'entries', 'groups', 'isLive'],
    judge: known,
  },
  {
    ...{ ...registration, id: 'entry-interface' },
    title: "the entry's address is an address of the VM",
    needs: [...SUBJECT, 'machine', 'inspection', 'entries'],
    judge: address,
  },
];

function known(facts: VmFacts): readonly Seen[] {
  if (!facts.isLive || facts.entries.length + facts.groups.length > 0) return [];
  const detail = 'no WorkloadGroup and no WorkloadEntry belongs to it, so no client of the mesh can find it';
  return [wrongOn(facts, detail, { hint: `Register it: ${facts.meshx('up')}` })];
}

/** One form for each address: an entry may have that of an operator. */
function canonical(address: string): string {
  // A zone has no meaning on another machine, and no such form.
  return isIP(address) > 0 && !address.includes('%') ? parseIp(address) : address;
}

/** Behind a translation the operator has named the outer address. */
function address(facts: VmFacts): readonly Seen[] {
  const own = ownAddresses(facts.machine).map(canonical);
  const isTranslated = facts.inspection.membership.record?.options['vmAddress'] !== undefined;
  if (isTranslated || own.length === 0) return [];
  const foreign = facts.entries.filter((entry) => {
    const found = entryAddress(entry);
    return isIP(found) > 0 && !own.includes(canonical(found));
  });
  return foreign.map((entry) => {
    const detail = `${nameOf(entry)} says ${entryAddress(entry)}, and the VM has ${own.join(', ')}: clients connect to another machine or to none`;
    return wrongOn(facts, detail, {
      hint: `Let the sidecar register its address again: ${facts.ssh('systemctl', 'restart', 'istio.service')}; if the address is translated on the way: ${facts.meshx('up', '--vm-address', entryAddress(entry))}`,
    });
  });
}
