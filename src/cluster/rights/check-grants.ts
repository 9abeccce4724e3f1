import { control, NETWORKING, NODES, type Right, SECURITY, workload } from './right.ts';

const WITHOUT_NAMESPACE = 'without it, a namespace must be named with -n';
const SELECTS_NOTHING = 'a Service selects no entry';

/** What `check` reads. It writes nothing, and reads no Secret. */
export const CHECK: readonly Right[] = [
  ...[control, workload].flatMap((at) => [
    at('namespaces', ['get']),
    at('services', ['list']),
    ...['destinationrules', 'sidecars'].map((resource) => at(resource, ['list'], NETWORKING)),
    ...['authorizationpolicies', 'peerauthentications'].map((resource) => at(resource, ['list'], SECURITY)),
  ]),
  control('pods', ['list']),
  control('deployments', ['list'], 'apps'),
  control('endpointslices', ['list'], 'discovery.k8s.io'),
  ...['gateways', 'virtualservices'].map((resource) => control(resource, ['list'], NETWORKING)),
  ...['workloadgroups', 'workloadentries', 'serviceentries'].map((resource) =>
    workload(resource, ['list'], NETWORKING),
  ),
  workload('serviceaccounts', ['list']),
  { ...workload('pods', ['list']), optional: SELECTS_NOTHING },
  ...['workloadgroups', 'workloadentries'].map((resource): Right => {
    return { place: 'cluster', group: NETWORKING, resource, verbs: ['list'], optional: WITHOUT_NAMESPACE };
  }),
  {
    ...{ place: 'cluster', group: NETWORKING, resource: 'destinationrules', verbs: ['list'] },
    optional: 'rules of clients in other namespaces',
  },
  {
    ...{ place: 'cluster', group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' },
    ...{ verbs: ['list'], optional: "tags of revisions, and istiod's own root" },
  },
];

/** What `status` reads. It writes nothing, and reads no Secret. */
export const STATUS: readonly Right[] = [
  workload('workloadgroups', ['list'], NETWORKING),
  { ...workload('workloadgroups', ['list'], NETWORKING), place: 'cluster', optional: WITHOUT_NAMESPACE },
  workload('workloadentries', ['list', 'watch'], NETWORKING),
  { ...workload('workloadentries', ['list', 'watch'], NETWORKING), place: 'cluster', optional: WITHOUT_NAMESPACE },
  workload('services', ['list']),
  { ...control('deployments', ['get'], 'apps'), optional: "istiod's version" },
];

/**
 * What `verify` reads besides what `check` does. It writes nothing. The dry run of a new pod needs the right to create pods, which can read
 * every Secret of the namespace: it is left to those who have it anyway.
 */
export const VERIFY: readonly Right[] = [
  workload('services', ['get']),
  workload('workloadgroups', ['get'], NETWORKING),
  workload('workloadentries', ['get'], NETWORKING),
  ...['gateways', 'virtualservices'].map((resource) => workload(resource, ['list'], NETWORKING)),
  ...[control, workload].map((at): Right => ({ ...at('pods', ['list']), optional: 'pods of gateways, and injection' })),
  ...[control, workload].map((at): Right => ({ ...at('pods/log', ['get']), optional: 'access logs of pods' })),
  { ...workload('pods/exec', ['get', 'create']), optional: 'requests from pods' },
  { ...NODES, optional: 'a Service has a NodePort' },
  { ...control('services', ['get']), optional: 'the Prometheus of the mesh' },
  { ...control('pods/portforward', ['get', 'create']), optional: 'the Prometheus of the mesh' },
];
