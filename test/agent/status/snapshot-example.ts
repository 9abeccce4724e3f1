import type { AgentSnapshot } from '../../../src/agent/status/snapshot.ts';

/** The moment at which the example is shown. */
export const NOW = new Date('2026-03-01T12:00:00.000Z');

/** A VM with a service in every state that people ask about. */
export const EXAMPLE: AgentSnapshot = {
  version: 1,
  agent: {
    ...{ version: '1.2.3', node: 'v26.12.1', started: '2026-02-27T12:00:00.000Z', uptime: 172_800 },
    ...{ generation: 3, observe: false },
  },
  mesh: { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-10.150.0.5', address: '10.150.0.5', network: '' },
  reporter: {
    ...{ mode: 'api', since: '2026-02-27T12:00:01.000Z', lastWrite: '2026-03-01T11:57:00.000Z' },
    ...{ tokenExpires: '2026-03-01T12:48:00.000Z', server: 'https://kubernetes.default.svc' },
  },
  judged: true,
  services: [
    {
      ...{ name: 'mysqldb', state: 'ready', since: '2026-02-27T12:00:03.000Z', reason: 'answers', inRotation: true },
      ports: [{ name: 'mysql', number: 3306 }],
      probe: { kind: 'mysql', intervalSeconds: 1 },
      lastProbe: {
        ...{ ended: '2026-03-01T11:59:59.400Z', outcome: 'ok', reason: 'answers', seconds: 0.0042 },
        details: { version: '10.11.6', readOnly: false },
      },
    },
    {
      ...{
        name: 'replica',
        state: 'degraded',
        since: '2026-03-01T11:59:18.000Z',
        reason: 'read-only',
        inRotation: true,
      },
      ports: [{ name: 'mysql', number: 3307 }],
      probe: { kind: 'mysql', intervalSeconds: 1 },
    },
    {
      ...{
        name: 'web',
        state: 'down',
        since: '2026-03-01T11:57:00.000Z',
        reason: 'connection refused',
        inRotation: false,
      },
      ports: [
        { name: 'http', number: 8080 },
        { name: 'grpc', number: 9090 },
      ],
      probe: { kind: 'http', intervalSeconds: 0.5 },
      lastProbe: { ended: '2026-03-01T11:59:59.900Z', outcome: 'failed', reason: 'connection refused', seconds: 0.001 },
    },
  ],
  invalidFiles: [
    { file: 'web.yaml', issues: ['web.yaml:4:1: wieght: unknown field'], lastGoodInEffect: true },
    { file: 'x.yaml', issues: ['x.yaml is ignored: it is a symbolic link.'], lastGoodInEffect: false },
  ],
  sidecar: { state: 'ready', since: '2026-03-01T09:00:00.000Z', reason: 'status 200' },
  deviations: ["capture's rules: repaired"],
  identity: {
    ...{ state: 'valid', reason: '' },
    ...{ until: '2026-03-02T11:00:00.000Z', certificateUntil: '2026-03-02T09:30:00.000Z' },
  },
};
