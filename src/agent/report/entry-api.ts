import { tryJson } from '../../documents/json.ts';
import { ROOTS_CONFIG_MAP } from '../../mesh/current/agent-rights.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { MeshPlace } from '../settings.ts';
import type { AgentAnswer, AgentRequest, ApiClient } from './api-client.ts';
import type { EntryPatch } from './entry-patch.ts';

const MERGE = 'application/merge-patch+json';
const FIELD_MANAGER = 'meshx-agent';
/** The API server ends a watch after this, and the next one may reach another API server. */
const WATCH_SECONDS = 600;

/** The requests of an agent about its own VM. Every name is one segment of its path. */
export class EntryApi {
  readonly #client: ApiClient;
  readonly #mesh: MeshPlace;

  constructor(client: ApiClient, mesh: MeshPlace) {
    this.#client = client;
    this.#mesh = mesh;
  }

  get server(): string | undefined {
    return this.#client.server;
  }

  readEntry(signal: AbortSignal): Promise<AgentAnswer> {
    return this.#get(this.#path('workloadentries', this.#mesh.entry), signal);
  }

  readGroup(signal: AbortSignal): Promise<AgentAnswer> {
    return this.#get(this.#path('workloadgroups', this.#mesh.group), signal);
  }

  /** The mesh's roots, which istiod writes into each namespace. */
  readRoots(signal: AbortSignal): Promise<AgentAnswer> {
    return this.#get(`/api/v1/namespaces/${segment(this.#mesh.namespace)}/configmaps/${ROOTS_CONFIG_MAP}`, signal);
  }

  /** A merge patch that fails with 409 when the entry is no longer the one that was read. */
  patchEntry(entry: KubeObject, { body }: EntryPatch, signal: AbortSignal): Promise<AgentAnswer> {
    const { resourceVersion, uid } = entry.metadata;
    const metadata = { ...body.metadata, resourceVersion, uid };
    return this.#client.send(
      {
        method: 'PATCH',
        path: `${this.#path('workloadentries', this.#mesh.entry)}?fieldManager=${FIELD_MANAGER}`,
        body: { ...body, metadata },
        contentType: MERGE,
      },
      signal,
    );
  }

  /** Calls `changed` with each version of the entry; an empty one when the entry is deleted. */
  watchEntry(version: string | undefined, changed: (version: string) => void, signal: AbortSignal): Promise<void> {
    const parameters = new URLSearchParams({
      ...{ watch: '1', allowWatchBookmarks: 'true', timeoutSeconds: String(WATCH_SECONDS) },
      fieldSelector: `metadata.name=${this.#mesh.entry}`,
      ...(version !== undefined && { resourceVersion: version }),
    });
    const path = `${this.#path('workloadentries')}?${parameters.toString()}`;
    return this.#client.watch(path, (line) => tellChange(line, changed), signal);
  }

  createToken(body: unknown, signal: AbortSignal): Promise<AgentAnswer> {
    const { namespace, account } = this.#mesh;
    const path = `/api/v1/namespaces/${segment(namespace)}/serviceaccounts/${segment(account)}/token`;
    return this.#client.send({ method: 'POST', path, body }, signal);
  }

  createEvent(body: unknown, signal: AbortSignal): Promise<AgentAnswer> {
    const path = `/apis/events.k8s.io/v1/namespaces/${segment(this.#mesh.namespace)}/events`;
    return this.#client.send({ method: 'POST', path, body }, signal);
  }

  #get(path: string, signal: AbortSignal): Promise<AgentAnswer> {
    const request: AgentRequest = { method: 'GET', path };
    return this.#client.send(request, signal);
  }

  #path(plural: string, name?: string): string {
    const end = name === undefined ? '' : `/${segment(name)}`;
    return `/apis/networking.istio.io/v1/namespaces/${segment(this.#mesh.namespace)}/${plural}${end}`;
  }
}

function tellChange(line: string, changed: (version: string) => void): void {
  const { type, object } = mapping(tryJson(line));
  if (type === 'BOOKMARK') return;
  // ERROR is the end of a history that is too old: read again.
  changed(
    type === 'ADDED' || type === 'MODIFIED' ? String(mapping(mapping(object)['metadata'])['resourceVersion']) : '',
  );
}

function segment(name: string): string {
  return encodeURIComponent(name);
}
