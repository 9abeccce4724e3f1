import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ComputeFault {
  readonly on: RegExp;
  readonly answer: number | 'hang';
}

const PROJECT = '/compute/v1/projects/p';
const link = (path: string): string => `https://www.googleapis.com${PROJECT}/${path}`;

/** An instance as the Compute API sends it, with a field that no client knows yet. */
const instance = (
  name: string,
  zone: string,
  networkIP: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  kind: 'compute#instance',
  id: '1234567890123456789',
  name,
  status: 'RUNNING',
  zone: link(`zones/${zone}`),
  networkInterfaces: [
    {
      name: 'nic0',
      networkIP,
      network: link('global/networks/default'),
      accessConfigs: [{ type: 'ONE_TO_ONE_NAT', name: 'External NAT', natIP: '35.197.1.2' }],
      someNewField: 'zz',
    },
  ],
  unknownFutureField: { x: 1 },
  ...more,
});

const INSTANCES = [
  instance('istio-vm', 'us-east4-a', '10.150.0.5'),
  instance('twin', 'us-east4-a', '10.150.0.11'),
  instance('twin', 'us-east4-b', '10.150.0.12'),
  instance('istio-vm-2', 'us-east4-b', '10.150.0.13'),
  instance('web-a', 'us-east4-a', '10.150.0.21', { labels: { role: 'web' } }),
  instance('web-b', 'us-east4-a', '10.150.0.22', { labels: { role: 'web' } }),
  instance('web-c', 'us-east4-b', '10.150.0.23', { labels: { role: 'web' } }),
  instance('web-off', 'us-east4-a', '10.150.0.24', { labels: { role: 'web' }, status: 'TERMINATED' }),
];

/** The members of the instance group `web-ig`, as its list names them. */
const GROUP = ['web-a', 'web-off', 'istio-vm'].map((name) => ({
  instance: link(`zones/us-east4-a/instances/${name}`),
  status: 'RUNNING',
}));

const zoneOf = (each: Readonly<Record<string, unknown>>): string => String(each['zone']).split('/').at(-1) ?? '';

const rule = (
  name: string,
  ip: string,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({
  name,
  IPAddress: ip,
  IPProtocol: 'TCP',
  loadBalancingScheme: 'INTERNAL',
  region: link('regions/us-east4'),
  ...more,
});

const RULES = [
  rule('a0000000000000000000000000000001', '10.150.0.6', {
    ports: ['8080'],
    description: '{"kubernetes.io/service-name":"istio-system/istio-pilot-ilb"}',
  }),
  rule('a0000000000000000000000000000002', '10.150.0.7', {
    ports: ['53'],
    IPProtocol: 'UDP',
    description: '{"kubernetes.io/service-name":"kube-system/dns-ilb"}',
  }),
  rule('by-hand', '10.150.0.40', { ports: ['443'] }),
];

const CLUSTERS = [
  { name: 'c1', location: 'us-east4-a', servicesIpv4Cidr: '10.63.240.0/20' },
  {
    name: 'dual',
    location: 'us-east4',
    servicesIpv4Cidr: '10.8.0.0/20',
    ipAllocationPolicy: { servicesIpv6CidrBlock: 'fd00:8::/112' },
  },
  { name: 'twin', location: 'us-east4-a', servicesIpv4Cidr: '10.1.0.0/20' },
  { name: 'twin', location: 'us-west1', servicesIpv4Cidr: '10.2.0.0/20' },
];

/** A local server that speaks as much of Google's Compute and Container APIs as meshx asks, for project `p`. */
export class ComputeServer {
  readonly requests: string[] = [];
  readonly faults: ComputeFault[] = [];
  /** Forwarding rules as they are now. */
  rules: readonly Readonly<Record<string, unknown>>[] = RULES;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async start(): Promise<ComputeServer> {
    const server = new ComputeServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server');
    this.requests.push(`${request.method ?? ''} ${url.pathname}`);
    const fault = this.faults.find(({ on }) => on.test(url.pathname));
    if (fault?.answer === 'hang') return;
    const body = fault === undefined ? answer(url, this.rules) : undefined;
    const code = fault === undefined ? (body === undefined ? 404 : 200) : fault.answer;
    const message = code === 404 ? `The resource '${url.pathname}' was not found` : 'a fault of the test';
    response.writeHead(Number(code), { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { error: { code, message, status: 'FAILED' } }));
  }
}

function answer(url: URL, forwardingRules: readonly unknown[]): unknown {
  const path = url.pathname;
  if (path === '/v1/projects/p/locations/-/clusters') return { clusters: CLUSTERS };
  if (path === `${PROJECT}/aggregated/forwardingRules`) {
    return {
      items: { 'regions/us-east4': { forwardingRules }, global: { warning: { code: 'NO_RESULTS_ON_PAGE' } } },
    };
  }
  if (path === `${PROJECT}/aggregated/instances`) return aggregated(url);
  if (path === `${PROJECT}/zones/us-east4-a/instanceGroups/web-ig/listInstances`) return { items: GROUP };
  const [, zone, name, more] = /\/zones\/([^/]+)\/instances\/([^/]+)(?:\/(getGuestAttributes))?$/.exec(path) ?? [];
  const found = INSTANCES.find((each) => each['name'] === name && zoneOf(each) === zone);
  if (more === undefined || found === undefined) return found;
  if (name !== 'istio-vm' || url.searchParams.get('queryPath') !== 'hostkeys/') return undefined;
  const items = [
    { namespace: 'hostkeys', key: 'ssh-ed25519', value: 'AAAAC3NzaC1lZDI1NTE5AAAAIHk' },
    { namespace: 'hostkeys', key: 'ecdsa-sha2-nistp256', value: 'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY' },
  ];
  return { kind: 'compute#guestAttributes', queryPath: 'hostkeys/', queryValue: { items } };
}

/** Two pages, as the API gives them, with the prefix that its search language may find besides. */
function aggregated(url: URL): unknown {
  const filter = url.searchParams.get('filter') ?? '';
  const [, label, value] = /^\(labels\.(\w+)=(\w+)\)$/.exec(filter) ?? [];
  const found =
    label === undefined
      ? INSTANCES.filter((each) => String(each['name']).startsWith(filter.replace('name=', '')))
      : INSTANCES.filter((each) => (each['labels'] as Readonly<Record<string, string>> | undefined)?.[label] === value);
  const page = url.searchParams.get('pageToken') === null ? 'us-east4-a' : 'us-east4-b';
  const items = { [`zones/${page}`]: { instances: found.filter((each) => zoneOf(each) === page) } };
  return page === 'us-east4-a' ? { items, nextPageToken: 'second' } : { items };
}
