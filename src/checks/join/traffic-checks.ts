import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import { present } from '../../present.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { DialAnswer } from '../../vm/reachability/dial.ts';
import type { Connection } from '../../vm/questions/connection.ts';
import type { OwnEndpoint } from '../../vm/questions/own-endpoint.ts';
import type { Connect } from '../../vm/questions/script.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { Check, Seen } from '../check.ts';
import { type CheckGroup, group, type Read, timed } from '../run.ts';
import { type Expected, judgeConnection, judgeMtls, judgeOutside } from './connection.ts';
import { judgeResolves } from './control-plane.ts';
import { type Endpoint, endpointOf, judgeOwn } from './own-endpoint.ts';
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

/** What new connections from outside the mesh met. */
interface OutsideSeen {
  readonly first: DialAnswer;
  /** One that waited for the server's greeting, as clients of this port do, where a refusal is expected. */
  readonly waiting?: DialAnswer;
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

/** Connects from outside last, as each log is read up to then. */
function portGroup(served: Served, vm: VmQuestions): CheckGroup {
  const { port, question } = served;
  let begun: Promise<Read<Through>> | undefined;
  const through = (): Promise<Read<Through>> => (begun ??= connected(wayOf(served), question, vm));
  const outside = async (): Promise<Read<OutsideSeen>> => {
    await through();
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
    ...(current ? [ownCheck(key, endpoint), mtls] : []),
    not !== undefined || expected === undefined
      ? skipped(outside, not ?? '')
      : {
          ...outside,
          needs: ['outside'],
          judge: ({ outside: answer }) => {
            const seen = judgeOutside(answer.first, expected, portMeaning(port).serverFirst, answer.waiting);
            return [{ ...seen, detail: `${seen.detail}, tried from ${seatName(question.seat)}` }];
          },
        },
  ];
}

/** Load balancing may lead any other connection to another endpoint of the service, so this VM is asked itself. */
function ownCheck(key: string, endpoint: Endpoint | undefined): Check<PortFacts> {
  const check = { ...traffic, id: `own-endpoint:${key}`, title: `${key} of this VM answers clients of the mesh` };
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

/** Why the port is not tried from outside; undefined if it is. */
function notFromOutside({ number }: ServicePort, { outside, dial, seat, shut = [] }: JoinQuestion): string | undefined {
  if (!dial || outside?.[number] === undefined) return 'no client outside the mesh tried, or no policy was read';
  if (seat?.outside === false) return `not tried: ${seat.why}`;
  if (!shut.includes(number)) return undefined;
  return `not tried: ${seatName(seat)} could not reach the port before either`;
}

function seatName(seat: Seat | undefined): string {
  return seat?.outside ? seat.name : 'this machine';
}

/** How long silence counts as a hang, where the sidecar waits for the client. */
const SILENCE_MS = 1000;
/** The longest detection of a mesh that a check waits for. */
const MOST_DETECTION_MS = 30_000;

async function dialled(port: ServicePort, { dial, outside, vm, cluster }: JoinQuestion): Promise<OutsideSeen> {
  const expected = outside?.[port.number];
  const { protocol, serverFirst } = portMeaning(port);
  // A client that sends sees a refusal at once. HTTP is only sent to a server of HTTP or where a refusal is expected.
  const speaks = expected === 'refused' || (expected === 'plaintext' && protocol === 'HTTP');
  if (!dial) throw new TypeError('a connection from outside needs a machine that makes it');
  const { detectionMs = 0 } = 'detectionMs' in cluster ? cluster : {};
  const silenceMs = SILENCE_MS + Math.min(detectionMs, MOST_DETECTION_MS);
  const patience = detectionMs > 0 && serverFirst ? { silenceMs: 2 * SILENCE_MS + silenceMs } : {};
  const [first, waiting] = await Promise.all([
    dial(vm.address, port.number, { speaks, ...(!speaks && patience) }),
    // Clients of this port do not send first: a refusal that only a sender sees is none for them.
    serverFirst && expected === 'refused' ? dial(vm.address, port.number, { speaks: false, silenceMs }) : undefined,
  ]);
  return { first, ...present({ waiting }) };
}
