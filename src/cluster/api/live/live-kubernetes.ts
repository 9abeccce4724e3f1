import type { Duplex } from 'node:stream';
import { readJson } from '../../../documents/json.ts';
import { showRef, refOf, type KubeObject, type ObjectRef } from '../../../mesh/kube-object.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { present } from '../../../present.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import {
  FIELD_MANAGER,
  type ApiServerPlace,
  type ApplyOptions,
  type EntryChange,
  type ConnectKubernetesOptions,
  type IssuedToken,
  type Kubernetes,
  type ListChange,
  type ListQuery,
  type PodPortQuery,
  type TokenQuery,
} from '../kubernetes.ts';
import { createObject } from './create-object.ts';
import { openPodLog } from './pod-log.ts';
import { execInPod } from './pod-exec.ts';
import { openPodPort } from './pod-port.ts';
import { watchList } from './watch.ts';
import { parseStatus, problemOf } from './api-problems.ts';
import { loadCredentials } from './kubeconfig.ts';
import { appliedObject } from '../applied-object.ts';
import { resourcePath } from './resource-paths.ts';
import { Transport, type ApiAnswer, type ApiRequest } from './transport.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
/** kubectl's page size: it keeps one answer from holding ten thousand objects. */
const PAGE = 500;

/** Opens the API server of a kubeconfig context. Nothing is sent before the first call. */
export function connectLive(options: ConnectKubernetesOptions): Kubernetes {
  const credentials = loadCredentials(options);
  const { timeoutMs = DEFAULT_TIMEOUT_MS, tell } = options;
  const { name, namespace } = credentials;
  const place = () => credentials.place();
  return new LiveKubernetes(new Transport(credentials, { timeoutMs, ...present({ tell }) }), place, {
    name,
    ...present({ namespace }),
  });
}

class LiveKubernetes implements Kubernetes {
  readonly name: string;
  readonly namespace?: string;
  readonly live = true;
  readonly apiServer: () => Promise<ApiServerPlace>;
  readonly #transport: Transport;

  constructor(
    transport: Transport,
    place: () => Promise<ApiServerPlace>,
    { name, namespace }: Pick<Kubernetes, 'name' | 'namespace'>,
  ) {
    this.#transport = transport;
    this.apiServer = place;
    this.name = name;
    if (namespace !== undefined) this.namespace = namespace;
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const object = showRef(ref);
    const request: ApiRequest = { method: 'GET', path: resourcePath(ref), summary: `get ${object}` };
    const answer = await this.#transport.send(request, signal);
    // as: a successful answer about one object is that object; its kind-specific fields stay unknown.
    return answer.status === 404 ? undefined : (this.#parse(answer, request, object) as KubeObject);
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<readonly KubeObject[]> {
    return (await this.#all(query, signal)).objects;
  }

  async *follow(query: ListQuery, signal: AbortSignal): AsyncIterable<ListChange> {
    const { objects, version } = await this.#all(query, signal);
    yield { kind: 'all', objects };
    yield* watchList(this.#transport, { cluster: this.name, query, version }, signal);
  }

  /** All objects, and the version of the list. */
  async #all(query: ListQuery, signal?: AbortSignal) {
    const found: KubeObject[] = [];
    let [next, version] = ['', ''];
    do {
      const page = await this.#page(query, next, signal);
      // Items of a list do not repeat their kind.
      found.push(...page.items.map((item) => ({ ...item, apiVersion: query.apiVersion, kind: query.kind })));
      ({ next, version } = page);
    } while (next !== '');
    return { objects: found, version };
  }

  async #page(query: ListQuery, next: string, signal?: AbortSignal): Promise<Page> {
    const parameters = new URLSearchParams({ limit: String(PAGE) });
    if (query.labelSelector !== undefined) parameters.set('labelSelector', query.labelSelector);
    if (next !== '') parameters.set('continue', next);
    const path = resourcePath(query);
    const what = `${path.split('/').at(-1)}${query.namespace === undefined ? '' : ` of namespace ${query.namespace}`}`;
    const request: ApiRequest = { method: 'GET', path: `${path}?${parameters.toString()}`, summary: `list ${what}` };
    const answer = await this.#transport.send(request, signal);
    if (answer.status === 404) return { items: [], next: '', version: '' };
    // as: the API server's list shape. The reader of an item checks what is inside.
    const body = this.#parse(answer, request, what) as {
      readonly items?: readonly KubeObject[];
      readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
    };
    const { continue: following = '', resourceVersion: version = '' } = body.metadata ?? {};
    return { items: body.items ?? [], next: following, version };
  }

  async apply(object: KubeObject, options: ApplyOptions = {}): Promise<KubeObject> {
    const ref = refOf(object);
    const parameters = new URLSearchParams({ fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' });
    if (options.dryRun === true) parameters.set('dryRun', 'All');
    return this.#patch(ref, {
      query: parameters.toString(),
      body: appliedObject(object),
      contentType: APPLY,
      summary: `apply ${showRef(ref)}`,
      signal: options.signal,
    });
  }

  patch(ref: ObjectRef, { labels, annotations, ports }: EntryChange, signal?: AbortSignal): Promise<KubeObject> {
    const spec = isWorkloadEntry(ref) ? present({ labels, ports }) : {};
    return this.#patch(ref, {
      query: `fieldManager=${FIELD_MANAGER}`,
      body: { metadata: present({ labels, annotations }), ...(Object.keys(spec).length > 0 && { spec }) },
      contentType: MERGE,
      summary: `patch ${showRef(ref)}`,
      signal,
    });
  }

  async #patch(ref: ObjectRef, { query, body, contentType, summary, signal }: Patch): Promise<KubeObject> {
    const path = `${resourcePath(ref)}?${query}`;
    const request: ApiRequest = { method: 'PATCH', path, body, contentType, summary };
    const answer = await this.#transport.send(request, signal);
    if (answer.status === 404 && parseStatus(answer.body).reason === '')
      throw clusterProblems.kindNotServed({ cluster: this.name, apiVersion: ref.apiVersion, kind: ref.kind });
    // as: the object as it is after the write.
    return this.#parse(answer, request, showRef(ref)) as KubeObject;
  }

  async delete(ref: ObjectRef, signal?: AbortSignal): Promise<boolean> {
    const request: ApiRequest = { method: 'DELETE', path: resourcePath(ref), summary: `delete ${showRef(ref)}` };
    const answer = await this.#transport.send(request, signal);
    if (answer.status === 404) return false;
    this.#parse(answer, request, showRef(ref));
    return true;
  }

  /** Safe to send twice: a token that no one received expires by itself. */
  async token(query: TokenQuery, signal?: AbortSignal): Promise<IssuedToken> {
    const { namespace, serviceAccount: name } = query;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name };
    const audiences = query.audience === undefined ? {} : { audiences: [query.audience] };
    const spec = { ...audiences, expirationSeconds: query.seconds };
    const request: ApiRequest = {
      method: 'POST',
      path: `${resourcePath(account)}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
      summary: `create a token for ${showRef(account)}`,
    };
    const answer = await this.#transport.send(request, signal);
    // as: the status of a TokenRequest that was answered with 201.
    const { status } = this.#parse(answer, request, showRef(account)) as {
      readonly status: { readonly token: string; readonly expirationTimestamp: string };
    };
    return { token: status.token, expires: new Date(status.expirationTimestamp) };
  }

  create: NonNullable<Kubernetes['create']> = (object, signal) =>
    createObject(this.#transport, this.name, object, signal);

  podLog: NonNullable<Kubernetes['podLog']> = (query, signal) => openPodLog(this.#transport, this.name, query, signal);

  podExec: NonNullable<Kubernetes['podExec']> = (query, signal) => execInPod(this.#transport, this.name, query, signal);

  podPort(query: PodPortQuery, signal: AbortSignal): Promise<Duplex> {
    return openPodPort(this.#transport, this.name, query, signal);
  }

  async refusal(object: KubeObject, signal?: AbortSignal): Promise<string | undefined> {
    const { name: _name, ...kind } = refOf(object);
    const shown = showRef(refOf(object));
    const request: ApiRequest = {
      method: 'POST',
      path: `${resourcePath(kind)}?dryRun=All&fieldManager=${FIELD_MANAGER}`,
      body: object,
      summary: `create (dry run) ${shown}`,
    };
    const answer = await this.#transport.send(request, signal);
    if (answer.status === 400 || answer.status === 422) return parseStatus(answer.body).message;
    this.#parse(answer, request, shown);
    return undefined;
  }

  async version(signal?: AbortSignal): Promise<string> {
    const request: ApiRequest = { method: 'GET', path: '/version', summary: 'get the version of the API server' };
    const answer = await this.#transport.send(request, signal);
    return text(mapping(this.#parse(answer, request, 'the version'))['gitVersion']) ?? '';
  }

  async served(groupVersion: string, signal?: AbortSignal): Promise<readonly string[]> {
    const path = `/apis/${groupVersion.split('/').map(encodeURIComponent).join('/')}`;
    const request: ApiRequest = { method: 'GET', path, summary: `list the kinds of ${groupVersion}` };
    const answer = await this.#transport.send(request, signal);
    if (answer.status === 404) return [];
    const resources = list(mapping(this.#parse(answer, request, groupVersion))['resources']).map(mapping);
    return [...new Set(resources.map(({ kind }) => text(kind) ?? ''))];
  }

  /** The body of a successful answer; any other answer is a Problem that names `object`. */
  #parse(answer: ApiAnswer, request: ApiRequest, object: string): unknown {
    const { name: cluster } = this;
    if (answer.status < 200 || answer.status > 299) throw problemOf({ cluster, request, answer, object });
    try {
      return readJson(answer.body);
    } catch (error) {
      // A captive portal or a proxy answers 200 with a page of its own.
      const reason = `the answer is not JSON (${answer.body.length} bytes)`;
      throw clusterProblems.failed({ cluster, request: request.summary, status: answer.status, reason }, error);
    }
  }
}

interface Page {
  readonly items: readonly KubeObject[];
  readonly next: string;
  readonly version: string;
}

interface Patch {
  readonly query: string;
  readonly body: unknown;
  readonly contentType: string;
  readonly summary: string;
  readonly signal: AbortSignal | undefined;
}

function isWorkloadEntry(ref: ObjectRef): boolean {
  return ref.kind === 'WorkloadEntry' && ref.apiVersion.startsWith('networking.istio.io/');
}
