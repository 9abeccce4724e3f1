import { portMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import type { ProveInput } from '../prove-input.ts';
import type { Asking, Check, Verdict } from './checks.ts';
import type { Connect } from './connect-shell.ts';
import {
  type Connection,
  type Expected,
  judgeConnection,
  judgeMtls,
  judgeOutside,
  parseConnection,
} from './connection.ts';
import { judgeResolves } from './control-plane.ts';

const USER = 'nobody';

/** From the VM into the mesh, as an ordinary user. */
export function outwardChecks({ meshService, cluster, workload }: ProveInput): readonly Check[] {
  const own = workload.services[0];
  const ownHost = own && serviceHost(own.name, workload.namespace, cluster.clusterDomain);
  const name = meshService?.host ?? ownHost;
  return [
    {
      id: 'mesh-name-resolves',
      title: 'a mesh name resolves on the VM',
      look: async ({ ask }) => {
        if (name === undefined) return { ok: 'skipped', detail: 'no service was named' };
        return judgeResolves(
          await ask('resolves', [name, USER]),
          name,
          meshService?.clusterIp ? [meshService.clusterIp] : [],
        );
      },
    },
    {
      id: 'mesh-connection',
      title: 'the VM reaches a mesh service',
      look: async (asking) =>
        meshService
          ? reach(meshService, asking)
          : { ok: 'skipped', detail: 'no service was named: --mesh-service NAME:PORT' },
    },
  ];
}

async function reach({ host, port, path = '' }: MeshTarget, { connect, input }: Asking): Promise<Verdict> {
  const expected: Expected = {
    target: `${host}:${port}`,
    http: path !== '',
    serverFirst: portMeaning({ number: port, name: String(port) }).serverFirst,
    counted: input.cluster.generation === 'current',
  };
  const { serverFirst } = expected;
  const connection = parseConnection(await connect({ host, port, path, comesBack: false, serverFirst }));
  return judgeConnection(connection, expected);
}

/**
 * From the mesh to each port of each service on the VM, and from outside the mesh. A list for each port, whose order stays:
 * a connection from outside would be counted beside the one through the mesh.
 */
export function inwardChecks(input: ProveInput): readonly (readonly Check[])[] {
  return input.workload.services.flatMap(({ name, ports }) => ports.map((port) => portChecks(name, port, input)));
}

function portChecks(service: string, port: ServicePort, input: ProveInput): readonly Check[] {
  const key = `${service}:${port.number}`;
  const current = input.cluster.generation === 'current';
  const mtls: Check = {
    id: `mtls-seen:${key}`,
    title: `${key} was reached by mutual TLS`,
    look: ({ logs }) => Promise.resolve(judgeMtls(logs.get(port.number) ?? [], port.number)),
  };
  return [
    {
      id: `service-through-mesh:${key}`,
      title: `${key} is reached through the mesh`,
      look: (asking) => throughMesh(service, port, asking),
    },
    ...(current ? [mtls] : []),
    {
      id: `outside-client:${key}`,
      title: `a client outside the mesh meets at ${key} what the policies say`,
      look: (asking) => fromOutside(port, asking),
    },
  ];
}

/** By another VM of the mesh when one is at hand, else by the VM's own sidecar, out and in again; the detail says which. */
async function throughMesh(service: string, port: ServicePort, asking: Asking): Promise<Verdict> {
  const { cluster, workload, client } = asking.input;
  const host = serviceHost(service, workload.namespace, cluster.clusterDomain);
  const meaning = portMeaning(port);
  const http = meaning.protocol === 'HTTP';
  const current = cluster.generation === 'current';
  const expected = { target: `${host}:${port.number}`, http, serverFirst: meaning.serverFirst, counted: current };
  const to = { host, port: port.number, path: http ? '/' : '', serverFirst: meaning.serverFirst };
  const connection = await connectTo({ ...to, comesBack: current && !client }, asking);
  const verdict = judgeConnection(connection, expected);
  const way = client ? `from ${client.name}` : "through the VM's own sidecar";
  if (verdict.ok && current && !client && connection.inbound === 0) {
    const hint =
      'Another machine serves the name, or the port is not in ISTIO_INBOUND_PORTS of /var/lib/istio/envoy/sidecar.env';
    return { ok: false, detail: `${verdict.detail}, ${way}, but it did not come back to this VM`, hint };
  }
  return { ...verdict, detail: `${verdict.detail}, ${way}` };
}

/** Connects, and keeps what the VM logged of it. A client of its own logs on its own machine. */
async function connectTo(to: Connect, { ask, connect, input, logs }: Asking): Promise<Connection> {
  const port = String(to.port);
  if (!input.client) {
    const connection = parseConnection(await connect(to));
    logs.set(to.port, connection.log);
    return connection;
  }
  const size = (await ask('log', [port, ''])).trim();
  const connection = parseConnection(await connect(to, input.client));
  logs.set(to.port, (await ask('log', [port, size])).split('\n').filter(Boolean));
  return connection;
}

async function fromOutside(port: ServicePort, { input }: Asking): Promise<Verdict> {
  const expected = input.outside?.[port.number];
  if (!input.dial || expected === undefined)
    return { ok: 'skipped', detail: 'no client outside the mesh tried, or no policy was read' };
  const { seat = { outside: true, words: 'this machine' }, shut = [] } = input;
  if (!seat.outside) return { ok: 'skipped', detail: `not asked: ${seat.why}` };
  if (shut.includes(port.number))
    return { ok: 'skipped', detail: `not asked: ${seat.words} could not reach the port before either` };
  const { serverFirst, protocol } = portMeaning(port);
  // To one that speaks it shows at once whether it is refused. Words of HTTP are not for a server of another protocol.
  const speaks = expected === 'refused' || (expected === 'plaintext' && protocol === 'HTTP');
  const answer = await input.dial(input.vm.address, port.number, { speaks });
  const verdict = judgeOutside(answer, expected, serverFirst);
  return { ...verdict, detail: `${verdict.detail}, asked from ${seat.words}` };
}
