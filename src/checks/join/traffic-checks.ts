import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { Connection } from '../../vm/questions/connection.ts';
import type { OwnEndpoint } from '../../vm/questions/own-endpoint.ts';
import type { Connect } from '../../vm/questions/script.ts';
import type { Check, Seen } from '../check.ts';
import { type CheckGroup, group, type Read, timed } from '../run.ts';
import { type Expected, judgeConnection, judgeMtls, judgeOutside } from './connection.ts';
import { judgeResolves } from './control-plane.ts';
import { type Endpoint, endpointOf, judgeOwn, ownTitle, spokenAt } from './own-endpoint.ts';
import { dialled, notFromOutside, type OutsideSeen, seatName } from './outside-client.ts';
import type { JoinQuestion } from './question.ts';
import type { VmQuestions } from './vm-questions.ts';

const USER = 'nobody';
const traffic = { category: 'traffic', severity: 'error' } as const;

interface OutwardFacts {
  readonly name: string;
  readonly connection: Connection;
}

/** From the VM to the mesh, as an ordinary user. */
export function outwardGroup(question: JoinQuestion, { ask, connect }: VmQuestions): CheckGroup {
  const { meshService, cluster, workload } = question;
  const own = workload.services[0];
  const ownHost = own && serviceHost(own.name, workload.namespace, cluster.clusterDomain);
  const name = meshService?.host ?? ownHost;
  return group(outwardChecks(name, question), {
    ...(name !== undefined && { name: () => ask('resolves', [name, USER]) }),
    ...(meshService && {
      connection: () => {
        const { host, port, path = '' } = meshService;
        const { serverFirst } = portMeaning({ number: port, name: String(port) });
        const counted = meshGeneration(cluster.generation).showsConnections;
        return connect({ host, port, path, serverFirst, counted });
      },
    }),
  });
}

function outwardChecks(
  name: string | undefined,
  { meshService, cluster }: JoinQuestion,
): readonly Check<OutwardFacts>[] {
  const resolves = { ...traffic, id: 'mesh-name-resolves', title: 'a mesh name resolves on the VM' };
  const reaches = { ...traffic, id: 'mesh-connection', title: 'the VM reaches a mesh service' };
  const addresses = meshService?.clusterIp ? [meshService.clusterIp] : [];
  const expected = meshService && expectedOf(meshService, meshGeneration(cluster.generation).showsConnections);
  return [
    name === undefined
      ? skipped(resolves, 'no service was named')
      : { ...resolves, needs: ['name'], judge: (facts) => [judgeResolves(facts.name, name, addresses)] },
    expected === undefined
      ? skipped(reaches, 'no service was named: --mesh-service NAME:PORT')
      : { ...reaches, needs: ['connection'], judge: (facts) => [judgeConnection(facts.connection, expected)] },
  ];
}

function expectedOf({ host, port, path = '' }: MeshTarget, counted: boolean): Expected {
  const { serverFirst } = portMeaning({ number: port, name: String(port) });
  return { target: `${host}:${port}`, http: path !== '', serverFirst, counted };
}

type Named = Pick<Check<unknown>, 'id' | 'title' | 'category' | 'severity'>;

/** A check that cannot run here. */
function skipped(check: Named, detail: string): Check<unknown> {
  return { ...check, needs: [], judge: () => [{ ok: 'skipped', detail }] };
}

interface PortFacts {
  readonly through: Through;
  /** The answer of the VM's own sidecar. */
  readonly own: OwnEndpoint | undefined;
  readonly outside: OutsideSeen;
}

/** A connection through the mesh to a port of the VM, and what the VM logged of it. */
interface Through {
  readonly connection: Connection;
  readonly log: readonly string[];
}

/** From the mesh to each port of each service on the VM, and from outside the mesh. */
export function inwardGroups(question: JoinQuestion, vm: VmQuestions): readonly CheckGroup[] {
  return question.workload.services.flatMap(({ name, ports }) =>
    ports.map((port) => portGroup({ service: name, port, question }, vm)),
  );
}

interface Served {
  readonly service: string;
  readonly port: ServicePort;
  readonly question: JoinQuestion;
}

/**
 * Connects from outside last, as each log is read up to then. A client that is refused or hangs leaves no line with the port's cluster
 * there meanwhile: it connects at once, because its wait for a greeting takes as long as all other checks.
 */
function portGroup(served: Served, vm: VmQuestions): CheckGroup {
  const { port, question } = served;
  let begun: Promise<Read<Through>> | undefined;
  const through = (): Promise<Read<Through>> => (begun ??= connected(wayOf(served), question, vm));
  const outside = async (): Promise<Read<OutsideSeen>> => {
    const expected = question.outside?.[port.number];
    if (expected !== 'refused' && expected !== 'hangs') await through();
    return await timed(() => dialled(port, question));
  };
  const endpoint = endpointOf(question.vm.address, port, question.inside?.[port.number]);
  const own = (): Promise<Read<OwnEndpoint | undefined>> =>
    endpoint
      ? vm.askOwn({ ...endpoint, ...wayOf(served), servicePort: served.port.number })
      : Promise.resolve({ value: undefined, ms: 0 });
  return group(portChecks(served, endpoint), { through, own, outside });
}

function portChecks({ service, port, question }: Served, endpoint: Endpoint | undefined): readonly Check<PortFacts>[] {
  const key = `${service}:${port.number}`;
  const current = meshGeneration(question.cluster.generation).showsConnections;
  const expected = question.outside?.[port.number];
  const outside = {
    ...traffic,
    id: `outside-client:${key}`,
    title: `a client outside the mesh gets the response that the policies prescribe at ${key}`,
  };
  const not = notFromOutside(port, question);
  const mtls: Check<PortFacts> = {
    ...traffic,
    id: `mtls-seen:${key}`,
    title: `${key} was reached by mutual TLS`,
    needs: ['through', 'own'],
    judge: ({ through: { log }, own }) => [judgeMtls(log, port.number, own)],
  };
  return [
    {
      ...traffic,
      id: `service-through-mesh:${key}`,
      title: `${key} is reached through the mesh`,
      needs: ['through'],
      judge: ({ through }) => [judgeThrough(through, { service, port, question })],
    },
    ...(current ? [ownCheck(key, port, endpoint), mtls] : []),
    not !== undefined || expected === undefined
      ? skipped(outside, not ?? '')
      : {
          ...outside,
          // istiod may still be sending a policy that was made a moment ago.
          settles: true,
          needs: ['outside'],
          judge: ({ outside: answer }) => {
            const seen = judgeOutside(answer.first, expected, portMeaning(port).serverFirst, answer.waiting);
            return [{ ...seen, detail: `${seen.detail}, tried from ${seatName(question.seat)}` }];
          },
        },
  ];
}

/** Load balancing may lead any other connection to another endpoint of the service, so this VM is asked itself. */
function ownCheck(key: string, port: ServicePort, endpoint: Endpoint | undefined): Check<PortFacts> {
  const check = { ...traffic, id: `own-endpoint:${key}`, title: ownTitle(`${key} of this VM`, spokenAt(port)) };
  if (!endpoint) return skipped(check, 'not tried: the policies let no client of the mesh be served by its sidecar');
  return {
    ...check,
    needs: ['own', 'through'],
    judge: ({ own, through }) => (own ? [judgeOwn(own, endpoint, through.connection)] : []),
  };
}

/** From the probe client if there is one, else through the VM's own sidecar. */
function wayOf({ service, port, question: { cluster, workload } }: Served): Connect {
  const { protocol, serverFirst } = portMeaning(port);
  return {
    host: serviceHost(service, workload.namespace, cluster.clusterDomain),
    port: port.number,
    path: protocol === 'HTTP' ? '/' : '',
    serverFirst,
    counted: meshGeneration(cluster.generation).showsConnections,
  };
}

function judgeThrough({ connection }: Through, served: Served): Seen {
  const { client } = served.question;
  const { host, port, path, serverFirst, counted } = wayOf(served);
  const expected = { target: `${host}:${port}`, http: path !== '', serverFirst, counted };
  const seen = judgeConnection(connection, expected);
  const way = client ? `from ${client.name}` : "through the VM's own sidecar";
  const { endpoints } = connection;
  const chosen = endpoints.length > 0 ? `, which chose ${endpoints.join(' and ')}` : '';
  return { ...seen, detail: `${seen.detail}, ${way}${chosen}` };
}

/** Connects, and reads what the VM logged of it. A probe client logs on its own machine. */
async function connected(to: Connect, { client }: JoinQuestion, { ask, connect }: VmQuestions): Promise<Read<Through>> {
  const port = String(to.port);
  if (!client) {
    const { value: connection, ms } = await connect(to);
    return { value: { connection, log: connection.log }, ms };
  }
  const size = await ask('log', [port, '']);
  const made = await connect(to, client);
  const logged = await ask('log', [port, size.value.trim()]);
  const log = logged.value.split('\n').filter(Boolean);
  return { value: { connection: made.value, log }, ms: size.ms + made.ms + logged.ms };
}
