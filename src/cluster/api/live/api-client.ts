import { readJson } from '../../../documents/json.ts';
import type { ObjectRef } from '../../../mesh/kube-object.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { problemOf } from './api-problems.ts';
import { knownResource, type ResourceName } from '../kinds.ts';
import { groupVersionPath } from './resource-paths.ts';
import type { ApiAnswer, ApiRequest, Transport } from './transport.ts';

export type KindOf = Pick<ObjectRef, 'apiVersion' | 'kind'>;

/** Requests whose answers are JSON, and the names that kinds have in paths. */
export class ApiClient {
  readonly name: string;
  readonly #transport: Transport;
  readonly #discovered = new Map<string, ResourceName | undefined>();

  constructor(name: string, transport: Transport) {
    this.name = name;
    this.#transport = transport;
  }

  /** The answer, whatever its status. */
  send(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer> {
    return this.#transport.send(request, signal);
  }

  /** The parsed body of a successful request; any other answer is a Problem that names `object`. */
  async json(request: ApiRequest, object: string, signal?: AbortSignal): Promise<unknown> {
    return this.parse(await this.send(request, signal), request, object);
  }

  parse(answer: ApiAnswer, request: ApiRequest, object: string): unknown {
    if (answer.status < 200 || answer.status > 299) throw problemOf({ cluster: this.name, request, answer, object });
    try {
      return readJson(answer.body);
    } catch (error) {
      // A captive portal or a proxy answers 200 with a page of its own.
      const reason = `the answer is not JSON (${answer.body.length} bytes)`;
      const details = { cluster: this.name, request: request.summary, status: answer.status, reason };
      throw clusterProblems.failed(details, error);
    }
  }

  /** Undefined when the cluster does not serve the kind; kinds that meshx knows by heart are not asked for. */
  async resource(kind: KindOf, signal?: AbortSignal): Promise<ResourceName | undefined> {
    return knownResource(kind) ?? this.discover(kind, signal);
  }

  async servedResource(kind: KindOf, signal?: AbortSignal): Promise<ResourceName> {
    const resource = await this.resource(kind, signal);
    if (resource === undefined) throw this.notServed(kind);
    return resource;
  }

  /** Asks the API server for the kinds of one group version; a kind that it does not name is not served. */
  async discover(kind: KindOf, signal?: AbortSignal): Promise<ResourceName | undefined> {
    const key = `${kind.apiVersion}/${kind.kind}`;
    if (this.#discovered.has(key)) return this.#discovered.get(key);
    const path = groupVersionPath(kind.apiVersion);
    const summary = `list the kinds of ${kind.apiVersion}`;
    const request: ApiRequest = { method: 'GET', path, summary, repeatable: true };
    const answer = await this.send(request, signal);
    // as: an APIResourceList; a group version that is not served answers 404.
    const body = (answer.status === 404 ? {} : this.parse(answer, request, kind.apiVersion)) as {
      readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
    };
    const found = body.resources?.find((each) => each.kind === kind.kind && !each.name.includes('/'));
    const resource = found === undefined ? undefined : { plural: found.name, namespaced: found.namespaced };
    this.#discovered.set(key, resource);
    return resource;
  }

  notServed(kind: KindOf): Error {
    return clusterProblems.kindNotServed({ cluster: this.name, apiVersion: kind.apiVersion, kind: kind.kind });
  }
}
