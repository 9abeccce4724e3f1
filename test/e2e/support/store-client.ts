import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.ts';
import { namespaceOf } from '../../lab/names.ts';

interface StoreClient {
  readonly name: string;
  readonly ip: string;
  readonly namespace: string;
  readonly port: number;
  readonly nodePort: number;
  /** URL of etcd. */
  readonly store: string;
}

/** A pod with an HTTP application that keeps its values in a store of the mesh, behind a Service with a NodePort. */
export async function startStoreClient(
  lab: Lab,
  { name, ip, namespace, port: number, nodePort, store }: StoreClient,
): Promise<void> {
  await lab.pod(name, ip, { namespace });
  const labels = { 'lab.meshx.test/member': name };
  const port = { name: 'http', port: number, protocol: 'TCP' };
  await lab.mesh.apply([
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels } },
      spec: { type: 'NodePort', selector: { app: name }, ports: [{ ...port, nodePort }] },
    },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', ports: [port] },
      metadata: { name: `${name}-lab`, namespace, labels: { ...labels, 'kubernetes.io/service-name': name } },
      endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef: { kind: 'Pod', name, namespace } }],
    },
  ]);
  const program = fileURLToPath(new URL('../../lab/programs/store-client.mjs', import.meta.url));
  const argv = [process.execPath, program, String(number), store];
  // removeMember ends a program of this name with the pod.
  await lab.processes.start(`http-${name}`, { argv, namespace: namespaceOf(lab.names, name) });
  const ask = ['curl', '-sf', '--max-time', '2', `http://127.0.0.1:${number}/`];
  const answers = async (): Promise<boolean> => (await lab.in(name, ask)).exitCode === 0;
  await lab.processes.answers(`http-${name}`, `the application ${name}`, answers);
}
