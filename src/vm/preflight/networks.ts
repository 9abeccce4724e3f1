import { besideMesh, type Interface } from './addresses.ts';
import { type Answers, lines } from './probe.ts';

const TUNNELS = new Set(['wireguard', 'tun', 'xfrm', 'vti', 'gre', 'ipip']);

/** Networks on the machine other than its connection to the mesh. */
export interface OtherNetworks {
  /** Bridges of containers and virtual machines, whose traffic capture would treat as inbound. */
  readonly bridges: readonly string[];
  readonly tunnels: readonly string[];
  /** The tunnel through which the mesh reaches the machine. */
  readonly meshTunnel?: string;
}

/** Finds bridges and tunnels. Bridges of a Kubernetes node belong to its pods and are not excluded. */
export function otherNetworks(answers: Answers): OtherNetworks {
  const interfaces = lines(answers, 'interface').map((line) => line.split(' ') as [string, string]);
  const bridges = interfaces.filter(([, kind]) => kind === 'bridge');
  const tunnels = interfaces.filter(isTunnel);
  const apart = besideMesh(answers, tunnels);
  const meshTunnel = tunnels.map(([name]) => name).find((name) => !apart.includes(name));
  return {
    bridges: nodeSigns(answers).length > 0 ? [] : besideMesh(answers, bridges),
    tunnels: apart,
    ...(meshTunnel !== undefined && { meshTunnel }),
  };
}

function isTunnel([name, kind]: Interface): boolean {
  return TUNNELS.has(kind) || (kind === 'tap' && name.startsWith('zt'));
}

/** Signs that the machine is a Kubernetes node. */
export function nodeSigns(answers: Answers): readonly string[] {
  const processes = lines(answers, 'process').filter((name) => /^(kube|k3s|k0s|rke2)/.test(name));
  const chains = [...lines(answers, 'nft'), ...lines(answers, 'legacy-nat')].some((line) => /KUBE-SERVICES/.test(line));
  return [...processes, ...(chains ? ['the chain KUBE-SERVICES'] : [])];
}
