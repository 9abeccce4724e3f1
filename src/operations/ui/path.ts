import type { UiService, UiVm } from './ui-state.ts';

/** `ok`: packets pass. `bad`: they do not. `off`: no client is sent this way. `unknown`: nothing in the cluster says. */
export type LinkState = 'ok' | 'warn' | 'bad' | 'off' | 'unknown';

/** A place on the way of a packet, and how the packet comes to it from the place before. */
export interface PathStage {
  readonly title: string;
  readonly text: string;
  /** Absent for the first one. */
  readonly link?: { readonly state: LinkState; readonly text: string };
}

/** The way of a packet from a client in the mesh to a program on a VM, and the connection by which the VM's sidecar is steered. */
export interface PacketPath {
  readonly stages: readonly PathStage[];
  readonly control: { readonly state: LinkState; readonly text: string };
  /** One sentence: where it ends. */
  readonly verdict: string;
}

/** The way to a service of a VM, as the cluster shows it; to the VM itself if it has none. Pure. */
export function pathOf(vm: UiVm, service: UiService | undefined): PacketPath {
  const [network, program] = [networkLink(vm, service), programLink(vm, service)];
  const ports = service?.ports.map(({ number }) => number).join(', ') ?? '';
  const machine = `VM ${vm.name}${vm.address === undefined ? '' : `, ${vm.address}`}`;
  const stages: readonly PathStage[] = [
    { title: 'Client', text: 'a program in a pod' },
    { title: "Client's sidecar", text: 'knows the endpoints', link: { state: 'ok', text: 'captured' } },
    ...(vm.network ? [{ title: 'Gateway', text: `of network ${vm.network}`, link: network }] : []),
    vm.hasSidecar
      ? {
          ...{ title: "VM's sidecar", text: machine },
          link: vm.network ? { ...network, text: network.state === 'ok' ? 'through it' : network.text } : network,
        }
      : { title: 'VM', text: machine, link: network },
    { title: service?.name ?? 'No service', text: ports === '' ? 'no port' : `port ${ports}`, link: program },
  ];
  return { stages, control: controlLink(vm), verdict: verdictOf(vm, service, stages) };
}

function networkLink(vm: UiVm, service: UiService | undefined): { readonly state: LinkState; readonly text: string } {
  if (vm.state === 'absent') return { state: 'off', text: 'no entry' };
  if (vm.state === 'disconnected') return { state: 'bad', text: 'not connected' };
  if (service === undefined) return { state: 'unknown', text: 'no service' };
  if (service.state === 'draining' || service.state === 'drained') return { state: 'off', text: service.state };
  if (!service.served) return { state: 'off', text: 'not an endpoint' };
  return { state: 'ok', text: 'an endpoint' };
}

function programLink(vm: UiVm, service: UiService | undefined): { readonly state: LinkState; readonly text: string } {
  if (service === undefined || vm.state === 'absent') return { state: 'unknown', text: 'unknown' };
  switch (service.state) {
    case 'ready':
      return { state: 'ok', text: 'ready' };
    case 'degraded':
      return { state: 'warn', text: 'degraded' };
    case 'down':
      return { state: 'bad', text: 'down' };
    default:
      return { state: 'unknown', text: service.state };
  }
}

function controlLink({ connection, hasSidecar }: UiVm): PacketPath['control'] {
  if (connection) {
    const { connected, istiod } = connection;
    const pod = istiod === undefined ? '' : ` to ${istiod}`;
    return connected ? { state: 'ok', text: `connected${pod}` } : { state: 'bad', text: 'not connected' };
  }
  return hasSidecar ? { state: 'bad', text: 'not connected' } : { state: 'unknown', text: 'no sidecar registers it' };
}

function verdictOf(vm: UiVm, service: UiService | undefined, stages: readonly PathStage[]): string {
  const stopped = stages.find(({ link }) => link?.state === 'bad' || link?.state === 'off');
  if (stopped) {
    const place = stopped.title === service?.name ? service.name : `the ${stopped.title}`;
    const why = service?.reason === undefined ? '' : `: ${service.reason}`;
    return `A packet does not come to ${place}: ${stopped.link?.text ?? ''}${why}.`;
  }
  if (service === undefined) return `${vm.name} serves no service of the mesh.`;
  const isDoubtful = stages.some(({ link }) => link?.state === 'unknown');
  return isDoubtful
    ? `Nothing in the cluster says whether a packet reaches ${service.name}.`
    : `A packet reaches ${service.name} on ${vm.name}.`;
}
