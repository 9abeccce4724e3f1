import { showRef, refOf, type KubeObject, type ObjectRef } from '../../../mesh/kube-object.ts';
import {
  FIELD_MANAGER,
  type Access,
  type ApplyOptions,
  type ConnectKubernetesOptions,
  type IssuedToken,
  type Kubernetes,
  type ListQuery,
  type TokenQuery,
} from '../kubernetes.ts';
import { ApiClient, type KindOf } from './api-client.ts';
import { parseStatus } from './api-problems.ts';
import { loadCredentials } from './kubeconfig.ts';
import { appliedObject } from '../applied-object.ts';
import type { ResourceName } from '../kinds.ts';
import { resourcePath } from './resource-paths.ts';
import { Transport, type ApiRequest } from './transport.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
/** Lists are read in pages, as kubectl does, so that no single answer holds ten thousand objects. */
const PAGE = 500;

/** Opens the API server of a kubeconfig context. Nothing is sent before the first call. */
export function connectLive(options: ConnectKubernetesOptions): Kubernetes {
  const credentials = loadCredentials(options);
  const { timeoutMs = DEFAULT_TIMEOUT_MS, tell } = options;
  const transport = new Transport(credentials, { timeoutMs, ...(tell && { tell }) });
  return new LiveKubernetes(new ApiClient(credentials.name, transport), credentials.namespace);
}

class LiveKubernetes implements Kubernetes {
  readonly name: string;
  readonly namespace?: string;
  readonly live = true;
  readonly #api: ApiClient;

  constructor(api: ApiClient, namespace?: string) {
    this.name = api.name;
    if (namespace !== undefined) this.namespace = namespace;
    this.#api = api;
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const resource = await this.#api.resource(ref, signal);
    if (resource === undefined) return undefined;
    const object = showRef(ref);
    const path = resourcePath(resource, ref);
    const request: ApiRequest = { method: 'GET', path, summary: `get ${object}`, repeatable: true };
    const answer = await this.#api.send(request, signal);
    // as: a successful answer about one object is that object; its kind-specific fields stay unknown.
    return answer.status === 404 ? undefined : (this.#api.parse(answer, request, object) as KubeObject);
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<readonly KubeObject[]> {
    const resource = await this.#api.resource(query, signal);
    if (resource === undefined) return [];
    const found: KubeObject[] = [];
    let next = '';
    do {
      const page = await this.#page(resource, query, next, signal);
      // Items of a list do not repeat their kind.
      found.push(...page.items.map((item) => ({ ...item, apiVersion: query.apiVersion, kind: query.kind })));
      next = page.next;
    } while (next !== '');
    return found;
  }

  async #page(resource: ResourceName, query: ListQuery, next: string, signal?: AbortSignal): Promise<Page> {
    const parameters = new URLSearchParams({ limit: String(PAGE) });
    if (query.labelSelector !== undefined) parameters.set('labelSelector', query.labelSelector);
    if (next !== '') parameters.set('continue', next);
    const path = `${resourcePath(resource, query)}?${parameters.toString()}`;
    const what = `${resource.plural}${query.namespace === undefined ? '' : ` of namespace ${query.namespace}`}`;
    const request: ApiRequest = { method: 'GET', path, summary: `list ${what}`, repeatable: true };
    const answer = await this.#api.send(request, signal);
    if (answer.status === 404) return { items: [], next: '' };
    // as: the API server's list shape; what is inside an item is checked by who parses it.
    const body = this.#api.parse(answer, request, what) as {
      readonly items?: readonly KubeObject[];
      readonly metadata?: { readonly continue?: string };
    };
    return { items: body.items ?? [], next: body.metadata?.continue ?? '' };
  }

  async apply(object: KubeObject, options: ApplyOptions = {}): Promise<KubeObject> {
    const ref = refOf(object);
    const parameters = new URLSearchParams({ fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' });
    if (options.dryRun === true) parameters.set('dryRun', 'All');
    return this.#write(ref, {
      method: 'PATCH',
      query: `?${parameters.toString()}`,
      body: appliedObject(object),
      contentType: APPLY,
      summary: `apply ${showRef(ref)}`,
      signal: options.signal,
    });
  }

  patchLabels(
    ref: ObjectRef,
    labels: Readonly<Record<string, string | null>>,
    signal?: AbortSignal,
    ports?: Readonly<Record<string, number>>,
  ): Promise<KubeObject> {
    return this.#write(ref, {
      method: 'PATCH',
      query: `?fieldManager=${FIELD_MANAGER}`,
      body: { metadata: { labels }, ...(isWorkloadEntry(ref) ? { spec: { labels, ...(ports && { ports }) } } : {}) },
      contentType: MERGE,
      summary: `label ${showRef(ref)}`,
      signal,
    });
  }

  async #write(ref: ObjectRef, write: Write): Promise<KubeObject> {
    const resource = await this.#api.servedResource(ref, write.signal);
    const { method, body, contentType, summary } = write;
    const path = resourcePath(resource, ref) + write.query;
    const request = { method, path, body, contentType, summary, repeatable: true };
    const answer = await this.#api.send(request, write.signal);
    if (answer.status === 404 && parseStatus(answer.body).reason === '') throw this.#api.notServed(ref);
    // as: the object as it is after the write.
    return this.#api.parse(answer, request, showRef(ref)) as KubeObject;
  }

  async delete(ref: ObjectRef, signal?: AbortSignal): Promise<boolean> {
    const resource = await this.#api.resource(ref, signal);
    if (resource === undefined) return false;
    const request: ApiRequest = {
      method: 'DELETE',
      path: resourcePath(resource, ref),
      summary: `delete ${showRef(ref)}`,
      repeatable: true,
    };
    const answer = await this.#api.send(request, signal);
    if (answer.status === 404) return false;
    this.#api.parse(answer, request, showRef(ref));
    return true;
  }

  async token(query: TokenQuery, signal?: AbortSignal): Promise<IssuedToken> {
    const { namespace, serviceAccount: name } = query;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name };
    const spec = { audiences: [query.audience], expirationSeconds: query.seconds };
    const request: ApiRequest = {
      method: 'POST',
      path: `${resourcePath({ plural: 'serviceaccounts', namespaced: true }, account)}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
      summary: `create a token for ${showRef(account)}`,
      // A token that nobody received does no harm and expires by itself.
      repeatable: true,
    };
    // as: status of a TokenRequest that was answered with 201.
    const body = (await this.#api.json(request, showRef(account), signal)) as {
      readonly status: { readonly token: string; readonly expirationTimestamp: string };
    };
    return { token: body.status.token, expires: new Date(body.status.expirationTimestamp) };
  }

  async refusal(object: KubeObject, signal?: AbortSignal): Promise<string | undefined> {
    const ref = refOf(object);
    const resource = await this.#api.servedResource(ref, signal);
    const request: ApiRequest = {
      method: 'POST',
      path: `${resourcePath(resource, withoutName(ref))}?dryRun=All&fieldManager=${FIELD_MANAGER}`,
      body: object,
      summary: `create (dry run) ${showRef(ref)}`,
      repeatable: true,
    };
    const answer = await this.#api.send(request, signal);
    if (answer.status === 400 || answer.status === 422) return parseStatus(answer.body).message;
    this.#api.parse(answer, request, showRef(ref));
    return undefined;
  }

  async serverVersion(signal?: AbortSignal): Promise<string | undefined> {
    const request: ApiRequest = { method: 'GET', path: '/version', summary: 'read the version', repeatable: true };
    // as: /version has one shape since Kubernetes 1.0.
    return ((await this.#api.json(request, 'the version', signal)) as { readonly gitVersion?: string }).gitVersion;
  }

  async serves(kind: KindOf, signal?: AbortSignal): Promise<boolean> {
    return (await this.#api.discover(kind, signal)) !== undefined;
  }

  async allowed(access: Access, signal?: AbortSignal): Promise<boolean> {
    const { verb, group, namespace, name } = access;
    const [resource, subresource] = access.resource.split('/');
    const attributes = { verb, group, resource, subresource, namespace, name };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const request: ApiRequest = { method: 'POST', path, body, summary: 'ask for own rights', repeatable: true };
    // as: a SelfSubjectAccessReview always comes back with its status.
    const review = (await this.#api.json(request, 'own rights', signal)) as {
      readonly status?: { readonly allowed?: boolean };
    };
    return review.status?.allowed === true;
  }
}

interface Page {
  readonly items: readonly KubeObject[];
  readonly next: string;
}

interface Write {
  readonly method: 'PATCH';
  readonly query: string;
  readonly body: unknown;
  readonly contentType: string;
  readonly summary: string;
  readonly signal: AbortSignal | undefined;
}

function isWorkloadEntry(ref: ObjectRef): boolean {
  return ref.kind === 'WorkloadEntry' && ref.apiVersion.startsWith('networking.istio.io/');
}

/** Where objects of a kind are made: the path of all of them. */
function withoutName({ apiVersion, namespace }: ObjectRef): {
  readonly apiVersion: string;
  readonly namespace?: string;
} {
  return { apiVersion, ...(namespace === undefined ? {} : { namespace }) };
}
