import type { Finding } from '../finding.ts';
import type { Scanned } from './exclusions.ts';
import { PUBLISHERS } from './known-programs.ts';
import { type Answers, first, lines } from './probe.ts';
import { parseListeners } from './sockets.ts';
import type { PreflightInput } from '../preflight-input.ts';

const PUBLISHING: ReadonlySet<string> = new Set(PUBLISHERS);
const TUNNELS = new Set(['wireguard', 'tun', 'xfrm', 'vti', 'gre', 'ipip']);

/** Others that use the machine's network: containers, a Kubernetes node, VPNs, their own routes. */
export function neighbourScans(answers: Answers, input: PreflightInput): readonly Scanned[] {
  const interfaces = lines(answers, 'interface').map((line) => line.split(' ') as [string, string]);
  const node = nodeFindings(answers);
  return [
    node.length > 0 ? { findings: node } : bridges(interfaces, answers),
    { findings: publishedFindings(answers, input) },
    ...vpnScans(interfaces, answers),
    { findings: routingFindings(answers) },
  ];
}

/** What containers send would be taken for what arrives at the machine, so their networks stay out of capture. */
function bridges(interfaces: readonly [string, string][], answers: Answers): Scanned {
  const names = unused(
    interfaces.filter(([, kind]) => kind === 'bridge'),
    answers,
  );
  if (names.length === 0) return { findings: [] };
  const message = `Networks of containers or virtual machines: ${names.join(', ')}. They stay out of capture: what they send through this machine, and to it, goes as before.`;
  return {
    findings: [
      { id: 'bridges-excluded', severity: 'note', message, hint: 'Of ISTIO_EXCLUDE_INTERFACES in cluster.env.' },
    ],
    exclusions: { interfaces: names },
  };
}

/** Interfaces without the mesh address: the one by which the mesh reaches the machine is captured. */
function unused(interfaces: readonly [string, string][], answers: Answers): readonly string[] {
  const mesh = first(answers, 'route');
  const holder = lines(answers, 'address').find((line) => line.split(' ')[1]?.replace(/\/.*/, '') === mesh);
  return interfaces.map(([name]) => name).filter((name) => name !== holder?.split(' ')[0]);
}

function nodeFindings(answers: Answers): readonly Finding[] {
  const processes = lines(answers, 'process').filter((name) => /^(kube|k3s|k0s|rke2)/.test(name));
  const chains = [...lines(answers, 'nft'), ...lines(answers, 'legacy-nat')].some((line) => /KUBE-SERVICES/.test(line));
  if (processes.length === 0 && !chains) return [];
  const found = [...processes, ...(chains ? ['the chain KUBE-SERVICES'] : [])].join(', ');
  const message = `The machine is a node of Kubernetes (${found}): capture would also take what its pods send to the captured ports of others.`;
  const hint = 'Let the service run as a pod with its own sidecar, or on a machine of its own.';
  return [{ id: 'kubernetes-node', severity: 'risk', risk: 'kubernetes-node', message, hint }];
}

/** A published port is led to the container before capture sees it. */
function publishedFindings(answers: Answers, { services }: PreflightInput): readonly Finding[] {
  const listeners = parseListeners(lines(answers, 'tcp'));
  return services.flatMap(({ name, ports }) =>
    ports.flatMap(({ number }): readonly Finding[] => {
      const held = listeners.find(
        ({ port, programs }) => port === number && programs.some((each) => PUBLISHING.has(each)),
      );
      if (!held) return [];
      const message = `${name} is a container's port ${number}, published by ${held.programs[0]}: connections from outside go to the container past the sidecar, without mutual TLS.`;
      const hint =
        'Let the container use the network of the machine (--network host), or publish it on 127.0.0.1 only and put a Sidecar resource before it.';
      return [{ id: 'service-in-container', severity: 'risk', risk: 'service-in-container', message, hint }];
    }),
  );
}

/** A tunnel goes on as before the mesh, unless it is the mesh's own way to the machine. */
function vpnScans(interfaces: readonly [string, string][], answers: Answers): readonly Scanned[] {
  const tunnels = interfaces.filter(([name, kind]) => TUNNELS.has(kind) || (kind === 'tap' && name.startsWith('zt')));
  const apart = unused(tunnels, answers);
  const used = tunnels.map(([name]) => name).find((name) => !apart.includes(name));
  const scans: Scanned[] = [];
  if (apart.length > 0) {
    const message = `Tunnels: ${apart.join(', ')}. They stay out of capture: connections by way of them go as before, outside mutual TLS.`;
    const hint = 'Does the mesh lie behind one of them? Say the address there: --vm-address IP';
    const finding: Finding = { id: 'tunnels-excluded', severity: 'note', message, hint };
    scans.push({ findings: [finding], exclusions: { interfaces: apart } });
  }
  if (used !== undefined) {
    const message = `The mesh reaches the machine through the tunnel ${used}.`;
    const hint = 'When it is down, the machine is out of the mesh; its traffic is captured as on any interface.';
    scans.push({ findings: [{ id: 'mesh-by-tunnel', severity: 'note', message, hint }] });
  }
  return scans;
}

/** The marks with which tailscale and wg-quick keep their own packets out of their tunnels. */
const OWN_MARKS = /fwmark 0x(80000\/0xff0000|ca6c)\b|lookup 52\b|suppress_prefixlength|lookup 51820\b/;

/** The sidecar makes the connections of all programs, as istio-proxy and without their marks. */
function routingFindings(answers: Answers): readonly Finding[] {
  const rules = lines(answers, 'rule').filter((rule) => /fwmark|uidrange/.test(rule) && !OWN_MARKS.test(rule));
  if (rules.length === 0) return [];
  const shown = rules.slice(0, 3).map((rule) => `"${rule.replace(/\s+/g, ' ').trim()}"`);
  const message = `Routes depend on who sends (${shown.join(', ')}), and behind capture the sidecar sends for all programs, as istio-proxy and without their marks.`;
  const hint = 'Exclude what must keep its route: meshx configure VM --set ISTIO_SERVICE_EXCLUDE_CIDR=RANGES';
  return [{ id: 'policy-routing', severity: 'risk', risk: 'policy-routing', message, hint }];
}
