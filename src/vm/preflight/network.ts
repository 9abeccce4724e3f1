import type { Finding } from '../finding.ts';
import type { PreflightInput } from '../preflight-input.ts';
import { type Answers, first, lines } from './probe.ts';

/** The machine's addresses, and the one it has in the mesh. Empty when nobody can tell. */
export interface MeshAddress {
  readonly address: string;
  readonly addresses: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * The mesh address: the one that the operator says, else the one that routes to the control plane; never just the first.
 * Link-local addresses are no candidates.
 */
export function meshAddress(answers: Answers, input: PreflightInput): MeshAddress {
  const addresses = lines(answers, 'address').map((line) => (line.split(' ')[1] ?? '').replace(/\/.*/, ''));
  const said = input.address;
  if (said !== undefined)
    return { address: said, addresses: withAddress(addresses, said), findings: foreign(said, addresses) };
  const [routed] = lines(answers, 'route');
  const address = routed?.trim() ?? (addresses.length === 1 ? (addresses[0] ?? '') : '');
  return { address, addresses: withAddress(addresses, address), findings: choice(address, addresses) };
}

function withAddress(addresses: readonly string[], address: string): readonly string[] {
  return address === '' || addresses.includes(address) ? addresses : [address, ...addresses];
}

function foreign(said: string, addresses: readonly string[]): readonly Finding[] {
  if (addresses.includes(said)) return [];
  const message = `No interface of the machine has ${said}; it has ${addresses.join(', ') || 'none'}.`;
  const hint =
    'Behind NAT the mesh must reach the machine by this address, and the sidecar must be told the inner one.';
  return [{ id: 'address-foreign', severity: 'risk', risk: 'foreign-address', message, hint }];
}

function choice(address: string, addresses: readonly string[]): readonly Finding[] {
  if (address === '') {
    const message = `No address of the machine routes to the control plane; it has ${addresses.join(', ') || 'none'}.`;
    return [
      { id: 'address-unknown', severity: 'error', message, hint: 'Say which one the mesh shall use: --vm-address IP' },
    ];
  }
  if (addresses.length < 2) return [];
  const message = `The mesh address is ${address}, which routes to the control plane, of ${addresses.join(', ')}.`;
  return [{ id: 'address-chosen', severity: 'note', message, hint: 'Another one: --vm-address IP' }];
}

/** Whether the control plane answers the machine by TCP. One address of several is enough. */
export function reachFindings(answers: Answers, { controlPlane, generation }: PreflightInput): readonly Finding[] {
  const reach = lines(answers, 'reach');
  if (reach.length === 0 || reach.some((line) => !line.endsWith(' closed'))) return [];
  const name = generation === 'current' ? 'istiod' : 'Pilot';
  const tried = controlPlane.addresses.map((address) => `${address}:${controlPlane.port}`).join(', ');
  const hint = `Allow TCP from the machine to ${tried}, or name another address: --istiod-address IP`;
  return [
    {
      id: 'control-plane-unreachable',
      severity: 'error',
      message: `The machine cannot reach ${name} at ${tried}.`,
      hint,
    },
  ];
}

/** The machine's own name, and what stands between a program and the sidecar's DNS. */
export function nameFindings(answers: Answers, generation: PreflightInput['generation']): readonly Finding[] {
  const hostname = first(answers, 'hostname');
  const findings: Finding[] = [];
  if (hostname !== '' && hostsAddress(lines(answers, 'hosts'), hostname) === undefined) {
    const message = `The machine's own name ${hostname} is not in /etc/hosts.`;
    findings.push({
      id: 'hostname-missing',
      severity: 'note',
      message,
      hint: 'meshx adds it: sudo would wait for it otherwise.',
    });
  }
  // A classic mesh has no DNS in the sidecar: nss-resolve asks resolved, which asks dnsmasq for the mesh's names.
  if (generation === 'classic') return findings;
  if (/^hosts:.*\bresolve\b(?!.*\bdns\b)|^hosts:.*\bresolve\b.*\bdns\b/m.test(lines(answers, 'nsswitch').join('\n'))) {
    const message = 'Programs ask systemd-resolved by D-Bus (nss-resolve), past the DNS capture of the sidecar.';
    findings.push({
      id: 'nss-resolve',
      severity: 'note',
      message,
      hint: 'meshx puts dns before resolve in /etc/nsswitch.conf.',
    });
  }
  return findings;
}

/** The address that /etc/hosts gives for a name; undefined when it has none. */
export function hostsAddress(hosts: readonly string[], name: string): string | undefined {
  const entry = hosts
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .find((words) => words.slice(1).includes(name));
  return entry?.[0];
}
