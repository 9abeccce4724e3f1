import { besideMesh, type Interface } from './addresses.ts';
import { type Answers, lines } from './probe.ts';

const TUNNELS = new Set(['wireguard', 'tun', 'xfrm', 'vti', 'gre', 'ipip']);

/** Networks on the machine that are not its way to the mesh. */
export interface OtherNetworks {
  /** Of containers and virtual machines. What they send would be taken for what arrives at the machine. */
  readonly bridges: readonly string[];
  readonly tunnels: readonly string[];
  /** The tunnel by which the mesh reaches the machine. */
  readonly meshTunnel?: string;
}

/** A node of Kubernetes has the bridges of its pods, which are not left out of capture. */
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

/** What shows that the machine is a node of Kubernetes; empty when it is none. */
export function nodeSigns(answers: Answers): readonly string[] {
  const processes = lines(answers, 'process').filter((name) => /^(kube|k3s|k0s|rke2)/.test(name));
  const chains = [...lines(answers, 'nft'), ...lines(answers, 'legacy-nat')].some((line) => /KUBE-SERVICES/.test(line));
  return [...processes, ...(chains ? ['the chain KUBE-SERVICES'] : [])];
}
