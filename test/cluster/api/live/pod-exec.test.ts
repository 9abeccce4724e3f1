import { connectLive } from '../../../../src/cluster/api/live/live-kubernetes.ts';
import type { KubeObject } from '../../../../src/mesh/kube-object.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';

const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client', namespace: 'web' } };
const QUERY = { namespace: 'web', pod: 'client', container: 'app', stdin: 'hello' };
const { signal } = new AbortController();

async function opened(options: Parameters<typeof FakeApiServer.startTrusted>[0] = {}) {
  const api = await FakeApiServer.startTrusted({ objects: [pod], ...options });
  api.containers.set('web/client:app', { path: process.env['PATH'] ?? '' });
  const kube = connectLive({ kubeconfig: api.kubeconfig({ token: 'secret' }), env: {}, home: '/' });
  return { api, kube };
}

test('a program in a container gets its stdin, and both outputs come back', async () => {
  const { api, kube } = await opened({ token: 'secret' });
  await using _api = api;
  const argv = ['sh', '-c', 'head -c 5; echo " on stderr" >&2'];
  expect(await kube.podExec!({ ...QUERY, argv }, signal)).toEqual({
    stdout: 'hello',
    stderr: ' on stderr\n',
    exitCode: 0,
  });
});

test('the exit code of a program is known', async () => {
  const { api, kube } = await opened();
  await using _api = api;
  const output = await kube.podExec!({ ...QUERY, argv: ['sh', '-c', 'exit 7'] }, signal);
  expect(output).toMatchObject({ exitCode: 7, reason: 'command terminated with exit code 7' });
});

test('a container without the program says so, and has no exit code', async () => {
  const { api, kube } = await opened();
  await using _api = api;
  const output = await kube.podExec!({ ...QUERY, container: 'distroless', argv: ['sh'] }, signal);
  expect(output).toEqual({ stdout: '', stderr: '', reason: 'exec: "sh": executable file not found in $PATH' });
});

test('a missing right and a missing pod are Problems, and an abort ends the program', async () => {
  const { api, kube } = await opened({ denied: ['get pods/exec'] });
  await using _api = api;
  await expect(kube.podExec!({ ...QUERY, argv: ['sh'] }, signal)).rejects.toMatchObject({ id: 'cluster-forbidden' });
  const other = await opened();
  await using _other = other.api;
  await expect(other.kube.podExec!({ ...QUERY, pod: 'none', argv: ['sh'] }, signal)).rejects.toThrow(/none/);
  const limited = AbortSignal.timeout(300);
  await expect(other.kube.podExec!({ ...QUERY, argv: ['sleep', '20'] }, limited)).rejects.toThrow();
});
