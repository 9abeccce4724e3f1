import { known } from '../problems.ts';

/** What stops a change of routes. */
export const routeProblems = {
  serviceMissing: known('route-service-missing', (d: { service: string; cluster: string }) => ({
    message: `${d.cluster} has no Service ${d.service}.`,
    hint: 'Name an existing one, and its namespace with -n; find it with: kubectl get services -A',
  })),
  needsHttp: known('route-needs-http', (d: { service: string }) => ({
    message: `No port of Service ${d.service} is declared as HTTP or gRPC: its connections have no headers, timeouts and retries.`,
    hint: 'Route by weights only, or name the port http-…',
  })),
  foreign: known('route-foreign', (d: { host: string; objects: readonly string[]; why: string }) => ({
    message: `${d.objects.join(', ')} ${d.why} (${d.host}), and meshx did not make it.`,
    hint: 'Change that object, or delete it first: two of them for one host have no order',
  })),
  notArrived: known(
    'route-not-arrived',
    (d: { vm: string; host: string; clusters: readonly string[]; seconds: number }) => ({
      message: `After ${d.seconds} s the sidecar of ${d.vm} still routes ${d.host} to ${d.clusters.length === 0 ? 'nothing' : d.clusters.join(', ')}.`,
      hint: `Check whether it hears of the service and is connected: meshx proxy ${d.vm} routes`,
    }),
  ),
};
