import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { aVm, healthyMesh } from './healthy-mesh.ts';

const service = (name: string, number: number, protocol: string) => ({ name, ports: [{ number, name: protocol }] });
const state = (word: string, reason: string): string =>
  JSON.stringify({ state: word, since: '2026-11-30T11:20:00Z', reason });

/** VMs in each state that the page shows: ready, degraded by its agent, drained, disconnected, and absent. */
export function uiMesh(): readonly KubeObject[] {
  const place = { namespace: 'vm', labels: {} };
  const orders = aVm(
    {
      ...{ ...place, group: 'orders1', serviceAccount: 'orders1' },
      services: [service('orders', 8081, 'http'), service('cache', 6379, 'redis')],
    },
    '10.0.0.7',
  );
  const lost = aVm(
    { ...place, group: 'lost1', serviceAccount: 'lost1', services: [service('lost', 9000, 'tcp')] },
    '10.0.0.8',
  );
  const never = aVm(
    { ...place, group: 'new1', serviceAccount: 'new1', services: [service('new', 9100, 'tcp')] },
    '10.0.0.9',
  );
  return healthyMesh().concat(
    orders.map((object) =>
      object.kind === 'WorkloadEntry'
        ? annotated(object, {
            'agent.meshx.dev/orders': state('ready', 'HTTP 200 in 4 ms'),
            'agent.meshx.dev/cache': state('degraded', 'replication is 12 s behind'),
          })
        : object,
    ),
    lost.map((object) =>
      object.kind === 'WorkloadEntry'
        ? annotated(object, { 'istio.io/disconnectedAt': '2026-11-30T11:58:00Z' })
        : object,
    ),
    never.filter(({ kind }) => kind !== 'WorkloadEntry'),
  );
}

function annotated(object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}
