import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { selfSigned } from './cluster-objects.ts';
import { type FakeContainer, servePodExec } from './fake-pod-exec.ts';
import { refuseUpgrade, servePodPort, type Upgraded } from './fake-pod-port.ts';
import { conflicts, merged, pruned, treeOf, type Tree } from './fake-api-fields.ts';

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly authorization: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Fault {
  /** Which requests: `GET /api/v1/…` must match. */
  readonly on: RegExp;
  /** A status, a connection that breaks, no answer at all, or the right answer 300 ms later. */
  readonly answer: number | 'reset' | 'hang' | 'html' | 'late';
  /** How often; forever when absent. */
  readonly times?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApiOptions {
  readonly objects?: readonly KubeObject[];
  /** Cluster IPs are checked against it; its ServiceCIDR object exists when `serviceCidrObject`. */
  readonly serviceCidr?: string;
  readonly serviceCidrObject?: boolean;
  /** Only this bearer token is let in. */
  readonly token?: string;
  /** The token that a TokenRequest gets; the server then lets in that one alone. */
  readonly issues?: (seconds: number) => string;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Group versions that are not served, as `networking.istio.io/v1`. */
  readonly unserved?: readonly string[];
  /** Kinds of served groups that are not installed, as `WorkloadGroup`. */
  readonly absent?: readonly string[];
  readonly version?: string;
  /** Verbs on resources that are refused, as `create services`. */
  readonly denied?: readonly string[];
}

const PLURALS: Readonly<Record<string, string>> = {
  authorizationpolicies: 'AuthorizationPolicy',
  configmaps: 'ConfigMap',
  daemonsets: 'DaemonSet',
  deployments: 'Deployment',
  destinationrules: 'DestinationRule',
  endpoints: 'Endpoints',
  endpointslices: 'EndpointSlice',
  events: 'Event',
  gateways: 'Gateway',
  leases: 'Lease',
  mutatingwebhookconfigurations: 'MutatingWebhookConfiguration',
  namespaces: 'Namespace',
  nodes: 'Node',
  peerauthentications: 'PeerAuthentication',
  pods: 'Pod',
  proxyconfigs: 'ProxyConfig',
  rolebindings: 'RoleBinding',
  roles: 'Role',
  serviceaccounts: 'ServiceAccount',
  servicecidrs: 'ServiceCIDR',
  serviceentries: 'ServiceEntry',
  services: 'Service',
  sidecars: 'Sidecar',
  validatingadmissionpolicies: 'ValidatingAdmissionPolicy',
  validatingadmissionpolicybindings: 'ValidatingAdmissionPolicyBinding',
  virtualservices: 'VirtualService',
  workloadentries: 'WorkloadEntry',
  workloadgroups: 'WorkloadGroup',
};
const CLUSTER_WIDE = new Set([
  'mutatingwebhookconfigurations',
  'namespaces',
  'nodes',
  'servicecidrs',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
]);
const pluralOf = (kind: string): string => Object.keys(PLURALS).find((plural) => PLURALS[plural] === kind) ?? kind;

/** An open watch; `name` is that of its field selector. */
interface Watch {
  readonly place: Place;
  readonly name: string | undefined;
  readonly response: ServerResponse;
}

interface Place {
  readonly apiVersion: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

type Stored = KubeObject & { readonly metadata: { readonly managedFields?: readonly Owner[] } };
interface Owner {
  readonly manager: string;
  readonly operation: string;
  readonly fieldsV1: Tree;
}

/** A small API server on loopback: objects in memory, server-side apply with owners, faults on demand, a log. */
export class FakeApiServer {
  readonly requests: LoggedRequest[] = [];
  /** What a mutating webhook does with an applied object. */
  admit: (object: KubeObject) => KubeObject = (object) => object;
  readonly faults: { fault: Fault; left: number }[] = [];
  readonly #objects = new Map<string, Stored>();
  readonly #watches = new Set<Watch>();
  readonly #sockets = new Set<Socket>();
  readonly #logs = new Map<string, { readonly lines: string[]; readonly followers: Set<ServerResponse> }>();
  #bearer: string | undefined;
  readonly #options: FakeApiOptions;
  readonly #server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), 'meshx-api-'));
  #version = 0;
  #trusted = false;

  constructor(options: FakeApiOptions) {
    this.#options = options;
    this.#bearer = options.token;
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (...asked: Upgraded) => this.#upgrade(...asked));
    for (const name of ['default', 'kube-system'])
      this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const object of options.objects ?? []) this.put(object);
  }

  static async start(options: FakeApiOptions = {}): Promise<FakeApiServer> {
    const fake = new FakeApiServer(options);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** One that speaks TLS, and whose kubeconfigs trust it: credentials are sent to no other. */
  static async startTrusted(options: FakeApiOptions = {}): Promise<FakeApiServer> {
    const fake = await FakeApiServer.start({ ...options, tls: selfSigned() });
    fake.#trusted = true;
    return fake;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.drop();
    await closed;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  /** A kubeconfig file with one context `lab` for this server. */
  kubeconfig(user: Readonly<Record<string, unknown>> = {}, cluster: Readonly<Record<string, unknown>> = {}): string {
    const ca = Buffer.from(this.#options.tls?.cert ?? '').toString('base64');
    const trust = this.#trusted && !cluster['insecure-skip-tls-verify'] ? { 'certificate-authority-data': ca } : {};
    const file = join(this.#folder, `kubeconfig-${this.requests.length}-${Math.random().toString(36).slice(2)}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster: { server: this.url, ...trust, ...cluster } }],
      users: [{ name: 'operator', user }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'operator' } }],
      'current-context': 'lab',
    };
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return file;
  }

  /** Stores an object of another owner; `manager` becomes the owner of its fields. */
  put(object: KubeObject, manager = 'kubectl'): void {
    const owner = { manager, operation: 'Update', fieldsV1: treeOf(object) };
    this.#store(this.#placeOf(object), { ...object, metadata: { ...object.metadata, managedFields: [owner] } });
  }

  remove(kind: string, namespace: string, name: string): void {
    for (const [key, object] of this.#objects)
      if (key.endsWith(`|${namespace}|${pluralOf(kind)}|${name}`)) {
        this.#objects.delete(key);
        this.#tell('DELETED', this.#placeOf(object), object);
      }
  }

  /** Appends lines to the log of a pod, `NAMESPACE/NAME`, and sends them to those who follow it. */
  log(pod: string, ...lines: readonly string[]): void {
    const log = this.#logs.get(pod) ?? { lines: [], followers: new Set() };
    this.#logs.set(pod, log);
    log.lines.push(...lines);
    for (const follower of log.followers) follower.write(`${lines.join('\n')}\n`);
  }

  /** How many requests follow the log of a pod. */
  followers(pod: string): number {
    return this.#logs.get(pod)?.followers.size ?? 0;
  }

  /** Where the ports of pods are, `NAMESPACE/NAME:PORT`: ports of 127.0.0.1. */
  readonly podPorts = new Map<string, number>();

  /** Containers in which programs can be run, `NAMESPACE/NAME:CONTAINER`. */
  readonly containers = new Map<string, FakeContainer>();

  #upgrade(...asked: Upgraded): void {
    const [request, socket] = asked;
    const url = new URL(request.url ?? '/', 'http://server');
    const path = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/(portforward|exec)$/;
    const [, namespace, name, verb = 'portforward'] = path.exec(url.pathname) ?? [];
    const port = url.searchParams.get('ports') ?? '';
    const token = this.#bearer;
    this.#log(request, url);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return refuseUpgrade(socket, 401, 'Unauthorized');
    if (this.#options.denied?.includes(`get pods/${verb}`))
      return refuseUpgrade(
        socket,
        403,
        `pods "${name}" is forbidden: User "operator" cannot get resource "pods/${verb}"`,
      );
    if (this.object('Pod', namespace ?? '', name ?? '') === undefined)
      return refuseUpgrade(socket, 404, `pods "${name}" not found`);
    if (verb === 'exec') {
      const container = this.containers.get(`${namespace}/${name}:${url.searchParams.get('container')}`);
      return servePodExec(asked, url.searchParams.getAll('command'), container ?? {});
    }
    servePodPort(asked, { port: Number(port), local: this.podPorts.get(`${namespace}/${name}:${port}`) });
  }

  #log(request: IncomingMessage, url: URL): void {
    this.requests.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      contentType: '',
      authorization: request.headers.authorization ?? '',
      headers: request.headersDistinct,
      body: {},
    });
  }

  #podLog({ query }: LoggedRequest, { namespace, name }: Place, response: ServerResponse): Answer {
    const log = this.#logs.get(`${namespace}/${name}`);
    if (!log) return failure(404, 'NotFound', `pods "${name}" not found`);
    if (!['istio-proxy', 'discovery'].includes(String(query['container'])))
      return failure(400, 'BadRequest', `container ${query['container']} is not valid for pod ${name}`);
    const last = log.lines.slice(Math.max(0, log.lines.length - Number(query['tailLines'])));
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
    response.write(last.map((line) => `${line}\n`).join(''));
    if (query['follow'] !== 'true') response.end();
    else {
      log.followers.add(response);
      response.on('close', () => log.followers.delete(response));
    }
    return [200, ''];
  }

  /** Breaks all connections: watches too, and those in a TLS handshake, which the server would wait two minutes for. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets in this token alone from now on. */
  expect(token: string): void {
    this.#bearer = token;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  get watches(): number {
    return this.#watches.size;
  }

  #tell(type: string, place: Place, object: KubeObject): void {
    for (const watch of this.#watches) {
      const { namespace, plural } = watch.place;
      const isOther = watch.name !== undefined && watch.name !== object.metadata.name;
      const isElsewhere = namespace !== '' && namespace !== place.namespace;
      if (isOther || isElsewhere || plural !== place.plural) continue;
      watch.response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  #watch(request: LoggedRequest, place: Place, response: ServerResponse): Answer {
    const name = /^metadata\.name=(.*)$/.exec(request.query['fieldSelector'] ?? '')?.[1];
    const watch = { place, name, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const { resourceVersion: since } = request.query;
    for (const object of this.#objects.values()) {
      const isNew =
        since === undefined
          ? object.metadata.name === name
          : Number(object.metadata['resourceVersion']) > Number(since);
      if (isNew && this.#placeOf(object).plural === place.plural) this.#tell('ADDED', this.#placeOf(object), object);
    }
    return [200, ''];
  }

  object(kind: string, namespace: string, name: string): KubeObject | undefined {
    const suffix = `|${namespace}|${pluralOf(kind)}|${name}`;
    return [...this.#objects].find(([key]) => key.endsWith(suffix))?.[1];
  }

  /** Every object of a kind. */
  all(kind: string): readonly KubeObject[] {
    return [...this.#objects].filter(([key]) => key.split('|')[2] === pluralOf(kind)).map(([, object]) => object);
  }

  fail(fault: Fault): void {
    this.faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Requests that an audit log would call mutating, dry runs left out. */
  get mutations(): readonly string[] {
    const reads = /token$|selfsubjectaccessreviews/;
    return this.requests
      .filter(({ method, query, path }) => method !== 'GET' && !query['dryRun'] && !reads.test(path))
      .map(({ method, path }) => `${method} ${path}`);
  }

  #placeOf(object: KubeObject): Place {
    const { name, namespace = CLUSTER_WIDE.has(pluralOf(object.kind)) ? '' : 'default' } = object.metadata;
    return { apiVersion: object.apiVersion, namespace, plural: pluralOf(object.kind), name, subresource: '' };
  }

  #key({ apiVersion, namespace, plural, name }: Place): string {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    return `${group}|${namespace}|${plural}|${name}`;
  }

  #store(place: Place, object: Stored): Stored {
    this.#version += 1;
    const before = this.#objects.get(this.#key(place));
    const stored = {
      ...withDefaults(object),
      metadata: {
        uid: `00000000-0000-0000-0000-${String(this.#version).padStart(12, '0')}`,
        creationTimestamp: '2017-10-14T22:00:00Z',
        ...before?.metadata,
        ...object.metadata,
        ...(place.namespace === '' ? {} : { namespace: place.namespace }),
        resourceVersion: String(this.#version),
      },
    };
    this.#objects.set(this.#key(place), stored);
    this.#tell(before === undefined ? 'ADDED' : 'MODIFIED', place, stored);
    return stored;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? '/', 'http://server');
    const text = Buffer.concat(parts).toString('utf8');
    const logged: LoggedRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      contentType: request.headers['content-type'] ?? '',
      authorization: request.headers.authorization ?? '',
      headers: request.headersDistinct,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
    this.requests.push(logged);
    const fault = this.#faultOf(logged);
    if (fault?.answer === 'late') await delay(300);
    else if (fault) return this.#fault(fault, request, response);
    const token = this.#bearer;
    const [status, body] =
      token !== undefined && logged.authorization !== `Bearer ${token}`
        ? failure(401, 'Unauthorized', 'Unauthorized')
        : this.#answer(logged, response);
    if (!response.headersSent) send(response, status, body);
  }

  #faultOf(logged: LoggedRequest): Fault | undefined {
    const found = this.faults.find(({ fault, left }) => left > 0 && fault.on.test(`${logged.method} ${logged.path}`));
    if (found) found.left -= 1;
    return found?.fault;
  }

  #fault(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
    const { answer, message = 'a fault of the test', headers = {} } = fault;
    // A socket under TLS has no reset of its own.
    if (answer === 'reset') request.socket[this.#options.tls ? 'destroy' : 'resetAndDestroy']();
    if (answer === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
    if (typeof answer !== 'number') return;
    send(response, answer, failure(answer, REASONS[answer] ?? 'InternalError', message)[1], headers);
  }

  #answer(request: LoggedRequest, response: ServerResponse): Answer {
    const segments = request.path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const apiVersion = segments[0] === 'api' ? (segments[1] ?? '') : segments.slice(1, 3).join('/');
    const rest = segments.slice(segments[0] === 'api' ? 2 : 3);
    if (request.path === '/version') return [200, { gitVersion: this.#options.version ?? 'v1.35.4' }];
    if (this.#options.unserved?.includes(apiVersion)) return [404, '404 page not found'];
    const { absent = [] } = this.#options;
    if (rest.length === 0) return [200, { kind: 'APIResourceList', resources: kindsOf(apiVersion, absent) }];
    const inNamespace = rest[0] === 'namespaces' && rest.length > 2;
    const [plural = '', name = '', subresource = ''] = inNamespace ? rest.slice(2) : rest;
    const place = { apiVersion, namespace: inNamespace ? (rest[1] ?? '') : '', plural, name, subresource };
    const kind = PLURALS[plural];
    if (kind === undefined || absent.includes(kind)) return [404, '404 page not found'];
    if (subresource === 'log') return this.#podLog(request, place, response);
    return this.#verb(request, place, response);
  }

  #verb(request: LoggedRequest, place: Place, response: ServerResponse): Answer {
    const { method, contentType } = request;
    const verb =
      { GET: place.name === '' ? 'list' : 'get', POST: 'create', PATCH: 'patch', DELETE: 'delete' }[method] ?? method;
    if (this.#options.denied?.includes(`${verb} ${place.plural}`)) {
      const text = `${place.plural} is forbidden: User "operator" cannot ${verb} resource "${place.plural}" in API group ""`;
      return failure(403, 'Forbidden', text);
    }
    if (place.subresource === 'token') return this.#token(request, place);
    if (verb === 'list' && request.query['watch'] === '1') return this.#watch(request, place, response);
    if (verb === 'list') return this.#list(request, place);
    if (verb === 'create') return this.#create(request, place);
    const found = this.#objects.get(this.#key(place));
    if (verb === 'patch' && contentType === 'application/apply-patch+yaml') return this.#apply(request, place);
    if (found === undefined) return notFound(place);
    if (verb === 'get') return [200, found];
    if (verb === 'delete') {
      this.#objects.delete(this.#key(place));
      this.#tell('DELETED', place, found);
      return [200, { kind: 'Status', status: 'Success' }];
    }
    if (contentType !== 'application/merge-patch+json') return failure(415, 'UnsupportedMediaType', contentType);
    const { resourceVersion = found.metadata['resourceVersion'] } = (request.body['metadata'] ??
      {}) as KubeObject['metadata'];
    if (resourceVersion !== found.metadata['resourceVersion'])
      return failure(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
    return [200, this.#store(place, mergePatch(found, request.body) as Stored)];
  }

  #list(request: LoggedRequest, place: Place): Answer {
    const group = place.apiVersion.includes('/') ? (place.apiVersion.split('/')[0] ?? '') : '';
    const terms = (request.query['labelSelector'] ?? '').split(',').filter((term) => term !== '');
    const matching = [...this.#objects]
      .filter(([key]) => key.startsWith(`${group}|`) && key.split('|')[2] === place.plural)
      .filter(([key]) => place.namespace === '' || key.split('|')[1] === place.namespace)
      .map(([, object]) => object)
      .filter(({ metadata: { labels = {} } }) =>
        terms.every((term) => {
          const [key = '', value] = term.split('=');
          return value === undefined ? key in labels : labels[key] === value;
        }),
      );
    const isCidr = place.plural === 'servicecidrs' && this.#options.serviceCidrObject === true;
    const cidr = { metadata: { name: 'kubernetes' }, spec: { cidrs: (this.#options.serviceCidr ?? '').split(',') } };
    const all: readonly unknown[] = isCidr ? [cidr] : matching;
    const start = Number(request.query['continue'] ?? 0);
    const end = start + Number(request.query['limit'] ?? all.length);
    // Items of a list carry no kind: the client must add it.
    const items = all
      .slice(start, end)
      .map((item) => ({ ...(item as object), kind: undefined, apiVersion: undefined }));
    const more = end < all.length ? { continue: String(end) } : {};
    return [200, { kind: 'List', metadata: { ...more, resourceVersion: String(this.#version) }, items }];
  }

  #create(request: LoggedRequest, place: Place): Answer {
    const object = request.body as unknown as Stored;
    const refused = this.#refused(object, { ...place, name: object.metadata.name });
    if (refused) return refused;
    if (this.#objects.has(this.#key({ ...place, name: object.metadata.name })))
      return failure(409, 'AlreadyExists', `${place.plural} "${object.metadata.name}" already exists`);
    if (request.query['dryRun'] === 'All') return [201, object];
    return [201, this.#store({ ...place, name: object.metadata.name }, object)];
  }

  #apply(request: LoggedRequest, place: Place): Answer {
    const applied = request.body as unknown as Stored;
    const manager = request.query['fieldManager'] ?? '';
    const found = this.#objects.get(this.#key(place));
    const refused = this.#refused(applied, place);
    if (refused) return refused;
    const wanted = applied.metadata['resourceVersion'];
    if (wanted !== undefined && wanted !== found?.metadata['resourceVersion'])
      return failure(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
    const owners = found?.metadata.managedFields ?? [];
    const others = owners.filter((owner) => owner.manager !== manager);
    const causes = others.flatMap((owner) =>
      conflicts(owner.fieldsV1, applied, found).map((field) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${owner.manager}" using ${place.apiVersion}`,
        field,
      })),
    );
    if (causes.length > 0) {
      const message = `Apply failed with ${causes.length} conflict(s)`;
      return [409, { kind: 'Status', message, reason: 'Conflict', details: { causes }, code: 409 }];
    }
    const now = treeOf(applied);
    const before = owners.find((owner) => owner.manager === manager)?.fieldsV1 ?? {};
    const result = merged(pruned(found ?? {}, before, now), applied) as Stored;
    const managedFields = [...others, { manager, operation: 'Apply', fieldsV1: now }];
    const object = this.admit({ ...result, metadata: { ...result.metadata, managedFields } }) as Stored;
    if (request.query['dryRun'] === 'All') return [200, object];
    return [found ? 200 : 201, this.#store(place, object)];
  }

  #refused(object: KubeObject, place: Place): Answer | undefined {
    const { namespace, name, plural } = place;
    if (namespace !== '' && !this.#objects.has(`||namespaces|${namespace}`)) {
      return [
        404,
        {
          ...status(404, 'NotFound', `namespaces "${namespace}" not found`),
          details: { name: namespace, kind: 'namespaces' },
        },
      ];
    }
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) || name.length > 253) {
      return failure(422, 'Invalid', `${PLURALS[plural] ?? ''} "${name}" is invalid: metadata.name: Invalid value`);
    }
    const clusterIp = (object['spec'] as { clusterIP?: string } | undefined)?.clusterIP;
    if (plural !== 'services' || clusterIp !== '1.1.1.1') return undefined;
    const range =
      this.#options.serviceCidr === undefined ? '' : `. The range of valid IPs is ${this.#options.serviceCidr}`;
    const why = `failed to allocate IP ${clusterIp}: the provided IP (${clusterIp}) is not in the valid range${range}`;
    return failure(
      422,
      'Invalid',
      `Service "${name}" is invalid: spec.clusterIPs: Invalid value: ["${clusterIp}"]: ${why}`,
    );
  }

  #token({ body }: LoggedRequest, place: Place): Answer {
    if (!this.#objects.has(this.#key({ ...place, subresource: '' }))) return notFound(place);
    const spec = body['spec'] as { audiences: readonly string[]; expirationSeconds: number };
    if (spec.expirationSeconds < 600) {
      return failure(
        422,
        'Invalid',
        'spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes',
      );
    }
    const expirationTimestamp = new Date(Date.now() + spec.expirationSeconds * 1000).toISOString();
    const token =
      this.#options.issues?.(spec.expirationSeconds) ?? `token-of-${place.name}-for-${spec.audiences.join()}`;
    if (this.#options.issues) this.#bearer = token;
    return [201, { kind: 'TokenRequest', status: { token, expirationTimestamp } }];
  }
}

/** What discovery says of Istio's groups: subresources are in the list too. */
function kindsOf(apiVersion: string, absent: readonly string[]): readonly object[] {
  const isSecurity = apiVersion.startsWith('security.');
  const kinds = isSecurity
    ? ['AuthorizationPolicy', 'PeerAuthentication']
    : ['DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar', 'VirtualService', 'WorkloadEntry', 'WorkloadGroup'];
  const there = kinds.filter((kind) => !absent.includes(kind));
  return there.flatMap((kind) => [
    { name: pluralOf(kind), kind },
    { name: `${pluralOf(kind)}/status`, kind },
  ]);
}

type Answer = readonly [status: number, body: unknown];

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  429: 'TooManyRequests',
};

function status(code: number, reason: string, message: string): Readonly<Record<string, unknown>> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code };
}

function failure(code: number, reason: string, message: string): Answer {
  return [code, status(code, reason, message)];
}

function notFound({ plural, name }: Place): Answer {
  return [404, { ...status(404, 'NotFound', `${plural} "${name}" not found`), details: { name, kind: plural } }];
}

function send(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(text);
}

/** What the API server fills in: a client must not take it for a difference. */
function withDefaults(object: Stored): Stored {
  if (object.kind !== 'Service') return object;
  const spec = (object['spec'] ?? {}) as Record<string, unknown>;
  const ports = ((spec['ports'] ?? []) as Record<string, unknown>[]).map((port) => ({
    protocol: 'TCP',
    targetPort: port['port'],
    ...port,
  }));
  const defaults = {
    type: 'ClusterIP',
    clusterIP: '10.63.251.156',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
  };
  return { ...object, spec: { ...defaults, ...spec, ...(ports.length > 0 && { ports }) } };
}

function mergePatch(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = (typeof value === 'object' && value !== null ? { ...value } : {}) as Record<string, unknown>;
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete base[key];
    else base[key] = mergePatch(base[key], change);
  }
  return base;
}
