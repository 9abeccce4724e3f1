import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { ownAddresses } from '../../vm/preflight/addresses.ts';
import { nsswitchWithDnsFirst } from '../../vm/nsswitch.ts';
import { first, lines } from '../../vm/preflight/probe.ts';
import type { Seen } from '../check.ts';
import { error, note, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** The machine's mesh address, and its connection to the control plane. */
export const addressChecks: readonly MachineCheck[] = [
  { ...risk('path', 'foreign-address', 'an interface has the given address', addressForeign), id: 'address-foreign' },
  error('path', 'address-unknown', 'the mesh address is known', addressUnknown),
  note('path', 'address-chosen', 'the mesh address is the one that routes to the control plane', addressChosen),
  error('path', 'control-plane-unreachable', 'the machine reaches the control plane', unreachable),
];

/** The machine's own name, and resolvers that bypass the sidecar's DNS. */
export const nameChecks: readonly MachineCheck[] = [
  note('dns', 'hostname-missing', "the machine's own name is in /etc/hosts", hostnameMissing),
  note('dns', 'nss-resolve', 'programs resolve names through DNS', nssResolve),
];

function addressForeign({ machine, input: { address: said } }: MachineFacts): readonly Seen[] {
  const own = ownAddresses(machine);
  if (said === undefined || own.includes(said)) return [];
  const detail = `No interface of the machine has ${said}; it has ${own.join(', ') || 'none'}.`;
  const hint = 'Behind NAT the mesh must reach the machine at this address, and the sidecar needs the inner one.';
  return [{ ok: false, detail, hint }];
}

function addressUnknown({ machine, inspection, input }: MachineFacts): readonly Seen[] {
  if (input.address !== undefined || inspection.facts.address !== '') return [];
  const own = ownAddresses(machine).join(', ') || 'none';
  const detail = `No address of the machine routes to the control plane; it has ${own}.`;
  return [{ ok: false, detail, hint: 'Choose the mesh address: --vm-address IP' }];
}

function addressChosen({ machine, inspection: { facts }, input }: MachineFacts): readonly Seen[] {
  const own = ownAddresses(machine);
  if (input.address !== undefined || facts.address === '' || own.length < 2) return [];
  const detail = `The mesh address is ${facts.address}, which routes to the control plane, of ${own.join(', ')}.`;
  return [{ ok: true, detail, hint: 'Choose another: --vm-address IP' }];
}

/** By TCP. One address of several is enough. */
function unreachable({ machine, input: { controlPlane, generation } }: MachineFacts): readonly Seen[] {
  const reach = lines(machine, 'reach');
  if (reach.length === 0 || reach.some((line) => !line.endsWith(' closed'))) return [];
  const name = meshGeneration(generation).controlPlane;
  const tried = controlPlane.addresses.map((address) => `${address}:${controlPlane.port}`).join(', ');
  const hint = `Allow TCP from the machine to ${tried}, or name another address: --istiod-address IP`;
  return [{ ok: false, detail: `The machine cannot reach ${name} at ${tried}.`, hint }];
}

function hostnameMissing({ machine, inspection }: MachineFacts): readonly Seen[] {
  const hostname = first(machine, 'hostname');
  if (hostname === '' || inspection.facts.hostnameAddress !== undefined) return [];
  const detail = `The machine's own name ${hostname} is not in /etc/hosts.`;
  return [{ ok: false, detail, hint: 'meshx adds it, as sudo would wait for DNS otherwise.' }];
}

/** A classic sidecar has no DNS: there nss-resolve queries resolved, and resolved queries dnsmasq for mesh names. */
function nssResolve({ machine, input: { generation } }: MachineFacts): readonly Seen[] {
  const text = lines(machine, 'nsswitch').join('\n');
  if (!meshGeneration(generation).capturesDns || nsswitchWithDnsFirst(text) === undefined) return [];
  const detail =
    'Programs query systemd-resolved over D-Bus (nss-resolve), which bypasses the DNS capture of the sidecar.';
  return [{ ok: false, detail, hint: 'meshx puts dns before resolve in /etc/nsswitch.conf.' }];
}
