import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connectLive } from '../../../../src/cluster/api/live/live-kubernetes.ts';
import type { KubeObject } from '../../../../src/mesh/kube-object.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';

const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kiali', namespace: 'istio-system' } };
const QUERY = { namespace: 'istio-system', pod: 'kiali', port: 20001 };
const { signal } = new AbortController();

let echo: Server;
beforeAll(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
});
afterAll(() => echo.close());

async function opened(options: Parameters<typeof FakeApiServer.startTrusted>[0] = {}) {
  const api = await FakeApiServer.startTrusted({ objects: [pod], ...options });
  api.podPorts.set('istio-system/kiali:20001', (echo.address() as AddressInfo).port);
  const kube = connectLive({ kubeconfig: api.kubeconfig({ token: 'secret' }), env: {}, home: '/' });
  return { api, kube };
}

test('bytes reach a port of a pod and come back, over TLS with the token of the context', async () => {
  const { api, kube } = await opened({ token: 'secret' });
  await using _api = api;
  const stream = await kube.podPort!(QUERY, signal);
  const sent = Buffer.alloc(300_000, 'meshx');
  const seen: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject).on('data', (part: Buffer) => {
      seen.push(part);
      size += part.length;
      if (size >= sent.length) resolve();
    });
    stream.write(sent.subarray(0, 100));
    stream.write(sent.subarray(100));
  });
  expect(Buffer.concat(seen).equals(sent)).toBe(true);
  stream.destroy();
});

test('a port that nothing listens on fails the stream with the reason of the kubelet', async () => {
  const { api, kube } = await opened();
  await using _api = api;
  const stream = await kube.podPort!({ ...QUERY, port: 1 }, signal);
  await expect(buffer(stream)).rejects.toThrow('error forwarding port 1 to pod: connection refused');
});

test('a pod that closes its connection ends the stream', async () => {
  const { api, kube } = await opened();
  await using _api = api;
  const server = createServer((socket) => void socket.end('bye')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  api.podPorts.set('istio-system/kiali:9', (server.address() as AddressInfo).port);
  const stream = await kube.podPort!({ ...QUERY, port: 9 }, signal);
  expect((await buffer(stream)).toString()).toBe('bye');
  server.close();
});

test('a missing pod and a missing right are Problems', async () => {
  const { api, kube } = await opened({ denied: ['get pods/portforward'] });
  await using _api = api;
  await expect(kube.podPort!(QUERY, signal)).rejects.toMatchObject({ id: 'cluster-forbidden' });
  const other = await opened();
  await using _other = other.api;
  await expect(other.kube.podPort!({ ...QUERY, pod: 'grafana' }, signal)).rejects.toThrow(/grafana/);
});
