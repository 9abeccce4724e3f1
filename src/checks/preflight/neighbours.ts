import { nodeSigns, otherNetworks } from '../../vm/preflight/networks.ts';
import { lines } from '../../vm/preflight/probe.ts';
import { parseListeners } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { note, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** Programs that publish a port of a container (docker, podman, rootless ones). */
export const PUBLISHERS: readonly string[] = [
  ...['docker-proxy', 'conmon', 'rootlessport', 'rootlesskit', 'pasta', 'slirp4netns'],
];

/** Other users of the machine's network: containers, a Kubernetes node, VPNs, policy routing. */
export const neighbourChecks: readonly MachineCheck[] = [
  risk('capture', 'kubernetes-node', 'the machine is not a Kubernetes node', kubernetesNode),
  note('capture', 'bridges-excluded', 'container networks stay out of capture', bridges),
  risk('service', 'service-in-container', 'no service is a published container port', published),
  note('capture', 'tunnels-excluded', 'tunnels stay out of capture', tunnels),
  note('path', 'mesh-by-tunnel', 'the mesh reaches the machine', meshByTunnel),
  risk('capture', 'policy-routing', 'routes do not depend on the sender', routing),
];

function kubernetesNode({ machine }: MachineFacts): readonly Seen[] {
  const found = nodeSigns(machine);
  if (found.length === 0) return [];
  const detail = `The machine is a Kubernetes node (${found.join(', ')}): capture would also redirect what its pods send to captured ports of other machines.`;
  const hint = 'Run the service as a pod with its own sidecar, or on a machine of its own.';
  return [{ ok: false, detail, hint }];
}

function bridges({ machine }: MachineFacts): readonly Seen[] {
  const names = otherNetworks(machine).bridges;
  if (names.length === 0) return [];
  const detail = `Networks of containers or virtual machines: ${names.join(', ')}. They stay out of capture: what they send through or to this machine is not redirected.`;
  return [{ ok: true, detail, hint: 'They are in ISTIO_EXCLUDE_INTERFACES of cluster.env.' }];
}

/** Connections to a published port reach the container before capture sees them. */
function published({ machine, input: { services } }: MachineFacts): readonly Seen[] {
  const listeners = parseListeners(lines(machine, 'tcp'));
  const holder = (number: number) =>
    listeners.find(({ port, programs }) => port === number && programs.some((each) => PUBLISHERS.includes(each)));
  const hint =
    'Run the container in the network of the machine (--network host), or publish the port on 127.0.0.1 only and route to it with a Sidecar resource.';
  return services.flatMap(({ name, ports }) =>
    ports.flatMap(({ number }): readonly Seen[] => {
      const held = holder(number);
      if (!held) return [];
      const detail = `${name} is a container's port ${number}, published by ${held.programs[0]}: connections from outside bypass the sidecar, without mutual TLS.`;
      return [{ ok: false, detail, hint }];
    }),
  );
}

/** Tunnels, except the one through which the mesh reaches the machine. */
function tunnels({ machine }: MachineFacts): readonly Seen[] {
  const apart = otherNetworks(machine).tunnels;
  if (apart.length === 0) return [];
  const detail = `Tunnels: ${apart.join(', ')}. They stay out of capture: connections through them are not redirected and have no mutual TLS.`;
  return [{ ok: true, detail, hint: 'If the mesh is behind one of them, give the address there: --vm-address IP' }];
}

function meshByTunnel({ machine }: MachineFacts): readonly Seen[] {
  const used = otherNetworks(machine).meshTunnel;
  if (used === undefined) return [];
  const hint =
    'Without the tunnel the machine is cut off from the mesh; traffic through it is captured as on any interface.';
  return [{ ok: true, detail: `The mesh reaches the machine through the tunnel ${used}.`, hint }];
}

/** Rules of tailscale and wg-quick that keep their own packets out of their tunnels. */
const OWN_MARKS = /fwmark 0x(80000\/0xff0000|ca6c)\b|lookup 52\b|suppress_prefixlength|lookup 51820\b/;

/** The sidecar opens the connections of all programs, as istio-proxy and without their marks. */
function routing({ machine }: MachineFacts): readonly Seen[] {
  const rules = lines(machine, 'rule').filter((rule) => /fwmark|uidrange/.test(rule) && !OWN_MARKS.test(rule));
  if (rules.length === 0) return [];
  const shown = rules.slice(0, 3).map((rule) => `"${rule.replace(/\s+/g, ' ').trim()}"`);
  const detail = `Routes depend on the sending user or mark (${shown.join(', ')}), but the sidecar sends for all captured programs, as istio-proxy and without marks.`;
  const hint =
    'Exclude destinations that need their own route: meshx configure VM --set ISTIO_SERVICE_EXCLUDE_CIDR=RANGES';
  return [{ ok: false, detail, hint }];
}
