import { APPLY, control, NETWORKING, NODES, type Right, workload } from './right.ts';

/** From Kubernetes 1.35 on a connection over a WebSocket needs `create`, before it `get`. */
const FORWARD: readonly Right[] = [
  control('services', ['get']),
  control('pods', ['list']),
  control('pods/portforward', ['get', 'create']),
];

/** The rights of commands that show pages of the mesh or the way to them, or change where requests go. */
export const VIEW_RIGHTS: Readonly<Record<string, () => readonly Right[]>> = {
  'gateway-url': () => [
    control('services', ['get']),
    { ...NODES, optional: 'a Service without an address of its own' },
    {
      ...control('endpointslices', ['list'], 'discovery.k8s.io'),
      optional: 'a Service with externalTrafficPolicy Local',
    },
  ],
  dashboard: () => FORWARD,
  forward: () => FORWARD,
  route: () => [
    workload('services', ['get']),
    workload('pods', ['list']),
    workload('workloadentries', ['list'], NETWORKING),
    ...['virtualservices', 'destinationrules'].map((resource) =>
      workload(resource, ['get', 'list', ...APPLY, 'delete'], NETWORKING),
    ),
    ...['virtualservices', 'destinationrules'].map((resource): Right => {
      const optional = 'objects of other namespaces for the same service';
      return { place: 'cluster', group: NETWORKING, resource, verbs: ['list'], optional };
    }),
  ],
};
