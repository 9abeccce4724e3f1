import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { serviceRef } from '../../cluster/api/refs.ts';
import { gatherClusterFacts, type FactsOptions } from '../../cluster/facts/facts.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { automaticGroup, entryAddress, listEntries } from '../../cluster/registration/entries.ts';
import { numberOn, type PortOfService, portsOf } from '../../checks/mesh/objects.ts';
import { hostPort } from '../../mesh/address.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { type PortSecurity, portSecurity } from '../../mesh/mutual-tls.ts';
import { portMeaning, type PortMeaning } from '../../mesh/protocol.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { textMapping } from '../../mesh/unknown.ts';
import type { Workload } from '../../mesh/workload.ts';
import { verifyProblems } from '../../problems/verify.ts';
import { existingWorkload } from '../join/workload.ts';

/** One port of a service with what decides on it. */
export interface ServicePortFacts {
  readonly port: PortOfService;
  readonly meaning: PortMeaning;
  /** Of the VMs: ADDRESS:PORT. */
  readonly endpoints: readonly string[];
  readonly nodePort?: number;
  /** Absent where the group of the VM is unknown. */
  readonly security?: PortSecurity;
}

/** A service of VMs as the cluster has it. */
export interface ServiceFacts {
  readonly cluster: ClusterFacts;
  readonly service: KubeObject;
  readonly name: string;
  readonly namespace: string;
  /** `etcd.vm.svc.cluster.local` */
  readonly host: string;
  readonly clusterIp: string;
  readonly ports: readonly ServicePortFacts[];
  /** Addresses of the VMs behind it. */
  readonly addresses: readonly string[];
  /** The group of the first VM behind it. */
  readonly group?: string;
}

interface Wanted {
  readonly name: string;
  readonly namespace: string;
  readonly facts: FactsOptions;
  readonly signal: AbortSignal;
}

/** Reads a service and what decides on its ports. Throws `verify-service-unknown` and Problems of the cluster. */
export async function readServiceFacts(kube: Kubernetes, wanted: Wanted): Promise<ServiceFacts> {
  const { name, namespace, signal } = wanted;
  const [cluster, service, entries] = await Promise.all([
    gatherClusterFacts(kube, { ...wanted.facts, skip: ['addresses'] }),
    kube.get(serviceRef(namespace, name), signal),
    listEntries(kube, namespace, signal),
  ]);
  const about = { service: `${namespace}/${name}`, cluster: kube.name };
  if (!service) throw verifyProblems.serviceUnknown({ ...about, reason: 'it does not exist' });
  const reach = reachOf(service);
  const own = new EntryIndex(entries).selectedBy(textMapping(reach.selector));
  const group = own.map(automaticGroup).find((each) => each !== undefined);
  const workload = group === undefined ? undefined : await existingWorkload(kube, { namespace, group, signal });
  const security = await securityOf(kube, { cluster, namespace, signal, workload });
  const ports = portsOf(service)
    .filter(({ transport }) => transport === 'TCP')
    .map((port): ServicePortFacts => {
      const endpoints = own.flatMap((entry) => {
        const number = numberOn(entry, port);
        return number === undefined ? [] : [hostPort(entryAddress(entry), number)];
      });
      const nodePort = reach.ports.find((each) => each.port === port.number)?.nodePort;
      const found = security.find((each) => each.service === name && each.port.name === port.name);
      const meaning = portMeaning({ number: port.number, name: port.appProtocol ?? port.name });
      return { port, meaning, endpoints, ...(nodePort && { nodePort }), ...(found && { security: found }) };
    });
  if (ports.length === 0) throw verifyProblems.serviceUnknown({ ...about, reason: 'it has no TCP port' });
  const host = serviceHost(name, namespace, cluster.clusterDomain);
  const addresses = own.map(entryAddress);
  const place = { name, namespace, host, clusterIp: reach.clusterIp };
  return { cluster, service, ...place, ports, addresses, ...(group !== undefined && { group }) };
}

async function securityOf(
  kube: Kubernetes,
  about: Pick<Wanted, 'namespace' | 'signal'> & {
    readonly cluster: ClusterFacts;
    readonly workload: Workload | undefined;
  },
): Promise<readonly PortSecurity[]> {
  const { cluster, workload, namespace, signal } = about;
  if (!workload) return [];
  const policies = await clusterGeneration(cluster.generation).policies(kube, cluster, { namespace, signal });
  return policies ? portSecurity(workload, policies) : [];
}
