import { agentRightsObjects } from '../../../../src/mesh/current/agent-rights.ts';
import type { KubeObject } from '../../../../src/mesh/kube-object.ts';
import { portMap } from '../../../../src/mesh/workload-labels.ts';

export const NAMESPACE = 'agent-scale';
/** The account of the other caller, and the object that it reads and changes. */
export const CALLER = 'caller';
/** The annotation that the other caller counts up in entries of agents. */
export const COUNTED = 'agent-scale.test/count';
export const SERVICES = [
  { name: 'mysqldb', ports: [{ name: 'mysql', number: 3306 }] },
  { name: 'web', ports: [{ name: 'http', number: 8080 }] },
] as const;
export const PORTS = portMap({ services: SERVICES });

/** Agents of one WorkloadGroup, which share an account, as the VMs of an instance group do. */
const GROUP_SIZE = 10;
const RBAC = 'rbac.authorization.k8s.io';

/** One simulated VM. */
export interface Place {
  readonly group: string;
  readonly entry: string;
  readonly address: string;
}

/** The first VMs of the fleet. */
export function places(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, index) => {
    const group = `g${Math.floor(index / GROUP_SIZE)}`;
    const address = `10.200.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    return { group, address, entry: `${group}-${address}` };
  });
}

/** All objects that the agents and the other caller need, but for the namespace. */
export function scaleObjects(all: readonly Place[]): readonly KubeObject[] {
  const groups = [...new Set(all.map(({ group }) => group))];
  return [
    ...groups.flatMap((group) => groupObjects(group, all)),
    ...all.map(entryObject),
    ...SERVICES.map(serviceObject),
    ...callerObjects(),
  ];
}

function groupObjects(group: string, all: readonly Place[]): readonly KubeObject[] {
  const entries = all.filter((place) => place.group === group).map(({ entry }) => entry);
  return [
    account(group),
    {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup' },
      metadata: { name: group, namespace: NAMESPACE },
      spec: { template: { serviceAccount: group } },
    },
    ...agentRightsObjects({ group, namespace: NAMESPACE, serviceAccount: group, entries }),
  ];
}

function account(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } };
}

function entryObject({ group, entry, address }: Place): KubeObject {
  const declared = Object.entries(PORTS).map(([name, number]) => `${name}=${number}`);
  const annotations = { 'meshx.dev/ports': declared.join(','), 'meshx.dev/agent': '1' };
  const labels = { app: 'scale' };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name: entry, namespace: NAMESPACE, labels, annotations },
    spec: { address, serviceAccount: group, labels, ports: PORTS },
  };
}

/** The Service selects every entry, so istiod tells the client's sidecar of each change. */
function serviceObject({ name, ports }: (typeof SERVICES)[number]): KubeObject {
  const [port] = ports;
  const targetPort = `${port.name}-${port.number}`;
  return {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE } },
    spec: { selector: { app: 'scale' }, ports: [{ name: `tcp-${port.name}`, port: port.number, targetPort }] },
  };
}

function callerObjects(): readonly KubeObject[] {
  const metadata = { name: CALLER, namespace: NAMESPACE };
  const verbs = ['get', 'list', 'patch'];
  const istio = { apiGroups: ['networking.istio.io'], resources: ['workloadentries'], verbs };
  return [
    account(CALLER),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} },
    {
      ...{ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs }, istio],
    },
    {
      ...{ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: CALLER },
      subjects: [{ kind: 'ServiceAccount', name: CALLER, namespace: NAMESPACE }],
    },
  ];
}
