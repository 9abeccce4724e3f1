import { ForwardingRulesClient, InstanceGroupsClient, InstancesClient, type protos } from '@google-cloud/compute';
import { cloudProblems } from '../../problems/cloud.ts';
import type { ComputeOptions, Instance, InstancePlace, InstanceQuery, InternalLoadBalancer } from './compute-engine.ts';
import { googleCredentials, type GoogleCredentials } from './google-credentials.ts';
import { clusterRange } from './container-api.ts';
import { errorCode } from '../api/foreign-error.ts';
import { computeProblem } from './compute-failure.ts';

const DEFAULT_TIMEOUT_MS = 15_000;

/** Google Cloud by the operator's application default credentials. Throws `cloud-credentials-missing`, `project-unknown`. */
export async function connectCompute(options: ComputeOptions): Promise<ComputeEngine> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const credentials = await googleCredentials({ ...options, timeoutMs });
  return new ComputeEngine(credentials, options);
}

type ApiInstance = protos.google.cloud.compute.v1.IInstance;
type ApiForwardingRule = protos.google.cloud.compute.v1.IForwardingRule;

/** The calls that meshx makes to Google Cloud. Each has a time limit, and throws a Problem when it is refused. */
export class ComputeEngine implements AsyncDisposable {
  readonly project: string;
  readonly #credentials: GoogleCredentials;
  readonly #options: ComputeOptions;
  readonly #instances: InstancesClient;
  readonly #rules: ForwardingRulesClient;
  readonly #groups: InstanceGroupsClient;

  constructor(credentials: GoogleCredentials, options: ComputeOptions) {
    this.project = credentials.project;
    this.#credentials = credentials;
    this.#options = options;
    const { authClient, project: projectId } = credentials;
    // as: the package has an older google-auth-library of its own; it uses these two methods only.
    const settings = { projectId, authClient, ...endpointOptions(options.endpoint) } as unknown;
    const client = settings as ConstructorParameters<typeof InstancesClient>[0];
    this.#instances = new InstancesClient(client);
    this.#rules = new ForwardingRulesClient(client);
    this.#groups = new InstanceGroupsClient(client);
  }

  async internalLoadBalancers(signal?: AbortSignal): Promise<readonly InternalLoadBalancer[]> {
    const request = { project: this.project, filter: 'loadBalancingScheme=INTERNAL' };
    return this.#asked('list forwarding rules', signal, async () => {
      const found: InternalLoadBalancer[] = [];
      // autoPaginate: the option of a call that does not exist for aggregated lists; without it a warning is printed.
      for await (const [scope, scoped] of this.#rules.aggregatedListAsync(request, { autoPaginate: false })) {
        found.push(...(scoped.forwardingRules ?? []).map((rule) => loadBalancerOf(rule, scope)));
      }
      return found;
    });
  }

  /** Undefined when there is none. Throws when several zones have one. */
  async findInstance(name: string, place: InstancePlace = {}, signal?: AbortSignal): Promise<Instance | undefined> {
    const project = place.project ?? this.project;
    const zone = place.zone ?? this.#options.zone;
    const found = await this.#asked(`look for instance ${name}`, signal, () =>
      zone === undefined ? this.#inAllZones(project, name) : this.#inZone(project, zone, name),
    );
    if (found.length > 1) {
      throw cloudProblems.instanceAmbiguous({ name, project, zones: found.map((instance) => instance.zone) });
    }
    return found[0];
  }

  async #inZone(project: string, zone: string, instance: string): Promise<readonly Instance[]> {
    try {
      const [found] = await this.#instances.get({ project, zone, instance });
      return [instanceOf(found, project)];
    } catch (error) {
      if (errorCode(error) === 404) return [];
      throw error;
    }
  }

  async #inAllZones(project: string, name: string): Promise<readonly Instance[]> {
    const request = { project, filter: `name=${name}` };
    const found: Instance[] = [];
    for await (const [, scoped] of this.#instances.aggregatedListAsync(request, { autoPaginate: false })) {
      found.push(...(scoped.instances ?? []).map((instance) => instanceOf(instance, project)));
    }
    // The filter of the API is a search expression: only the exact name counts.
    return found.filter((instance) => instance.name === name);
  }

  /** The instances with all these labels, of one zone or of all, and of one zonal instance group if one is named. */
  async listInstances(query: InstanceQuery, signal?: AbortSignal): Promise<readonly Instance[]> {
    const { labels, zone, instanceGroup } = query;
    const filter = Object.entries(labels)
      .map(([key, value]) => `(labels.${key}=${value})`)
      .join(' ');
    const request = { project: this.project, ...(filter !== '' && { filter }) };
    const found = await this.#asked('list instances', signal, async () => {
      const all: Instance[] = [];
      for await (const [, scoped] of this.#instances.aggregatedListAsync(request, { autoPaginate: false }))
        all.push(...(scoped.instances ?? []).map((instance) => instanceOf(instance, this.project)));
      return all;
    });
    const here = found.filter((instance) => zone === undefined || instance.zone === zone);
    if (instanceGroup === undefined || zone === undefined) return here;
    const members = await this.#asked(`list the instances of ${instanceGroup}`, signal, () =>
      this.#inGroup(zone, instanceGroup),
    );
    return here.filter(({ name }) => members.includes(name));
  }

  /** Names of the instances of a zonal group. */
  async #inGroup(zone: string, instanceGroup: string): Promise<readonly string[]> {
    const [members] = await this.#groups.listInstances({ project: this.project, zone, instanceGroup });
    return members.map(({ instance }) => lastPart(instance));
  }

  /** Host keys that the VM published as guest attributes: lines `type base64`. */
  async hostKeys(instance: Instance, signal?: AbortSignal): Promise<readonly string[]> {
    const { project, zone, name } = instance;
    const request = { project, zone, instance: name, queryPath: 'hostkeys/' };
    return this.#asked(`read the host keys of ${name}`, signal, async () => {
      try {
        const [attributes] = await this.#instances.getGuestAttributes(request);
        const items = attributes.queryValue?.items ?? [];
        return items.map((item) => `${item.key ?? ''} ${item.value ?? ''}`).filter((line) => /^\S+ \S+$/.test(line));
      } catch (error) {
        // 404: the image publishes none, or guest attributes are disabled.
        if (errorCode(error) === 404) return [];
        throw error;
      }
    });
  }

  /** CIDRs of the Services of a GKE cluster. Throws when no cluster or several have the name. */
  async serviceRange(cluster: string, signal?: AbortSignal): Promise<readonly string[]> {
    const { zone, endpoint } = this.#options;
    const where = { cluster, ...(zone === undefined ? {} : { zone }), ...(endpoint === undefined ? {} : { endpoint }) };
    return this.#asked(`read the record of cluster ${cluster}`, signal, () => clusterRange(this.#credentials, where));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#instances.close(), this.#rules.close(), this.#groups.close()]);
  }

  /** The package cannot stop a call, so time limit and signal are in the credentials' fetch. */
  async #asked<T>(request: string, signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    try {
      return await this.#credentials.under(signal, ask);
    } catch (error) {
      throw computeProblem(error, { request, project: this.project, ...(signal && { signal }) });
    }
  }
}

function endpointOptions(endpoint: string | undefined): Readonly<Record<string, unknown>> {
  if (endpoint === undefined) return {};
  const { hostname, port, protocol } = new URL(endpoint);
  // host:port in apiEndpoint does not work: port 443 of the package's settings would win.
  return { apiEndpoint: hostname, port: Number(port), protocol: protocol.replace(':', '') };
}

function instanceOf(instance: ApiInstance, project: string): Instance {
  const interfaces = instance.networkInterfaces ?? [];
  const present = (values: readonly (string | null | undefined)[]): readonly string[] =>
    values.filter((value): value is string => typeof value === 'string' && value !== '');
  return {
    name: instance.name ?? '',
    id: String(instance.id ?? ''),
    project,
    zone: lastPart(instance.zone),
    status: instance.status ?? '',
    internalAddresses: present(interfaces.flatMap((nic) => [nic.networkIP, nic.ipv6Address])),
    externalAddresses: present(interfaces.flatMap((nic) => nic.accessConfigs ?? []).map((access) => access.natIP)),
  };
}

function loadBalancerOf(rule: ApiForwardingRule, scope: string): InternalLoadBalancer {
  const service = serviceOf(rule.description ?? '');
  return {
    name: rule.name ?? '',
    address: rule.IPAddress ?? '',
    protocol: rule.IPProtocol ?? '',
    ports: rule.ports ?? [],
    region: lastPart(scope),
    ...(service === undefined ? {} : { service }),
  };
}

/** GKE records the Service in the description: {"kubernetes.io/service-name":"namespace/name"}. */
export function serviceOf(description: string): string | undefined {
  return /"kubernetes\.io\/service-name"\s*:\s*"([^"/]+\/[^"/]+)"/.exec(description)?.[1];
}

/** `us-east4-a` of `https://www.googleapis.com/compute/v1/projects/p/zones/us-east4-a`. */
function lastPart(path: string | null | undefined): string {
  return path?.split('/').at(-1) ?? '';
}
