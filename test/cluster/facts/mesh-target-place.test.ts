import { findMeshTarget } from '../../../src/cluster/facts/mesh-target.ts';
import { parseMeshTarget } from '../../../src/mesh/mesh-target.ts';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { aService } from '../../support/cluster-objects.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { problemOf } from '../../support/problem.ts';

const PRODUCTPAGE = [{ name: 'http', port: 9080 }];

async function start() {
  const objects = ['default', 'bookinfo'].map((namespace, index) =>
    aService('productpage', { namespace, clusterIp: `10.63.251.${index + 1}`, ports: PRODUCTPAGE }),
  );
  const server = await FakeApiServer.start({ objects });
  const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(), env: {}, home: '/nowhere' });
  const place = { namespace: 'default', clusterDomain: 'cluster.local', signal: new AbortController().signal };
  const find = (word: string) => findMeshTarget(kube, parseMeshTarget(word), place);
  return { find, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('the application may be in any namespace: the check uses the given one', async () => {
  await using world = await start();
  const page = { port: 9080, path: '/' };
  const own = { ...page, host: 'productpage.default.svc.cluster.local', clusterIp: '10.63.251.1' };
  const other = { ...page, host: 'productpage.bookinfo.svc.cluster.local', clusterIp: '10.63.251.2' };
  expect(await world.find('productpage:9080')).toEqual(own);
  expect(await world.find('productpage.bookinfo:9080')).toEqual(other);
  expect(await world.find('productpage.bookinfo.svc.cluster.local:9080/api/v1/products/0/ratings')).toEqual({
    ...other,
    path: '/api/v1/products/0/ratings',
  });
});

test('a service or a port that is not there is a Problem that says which', async () => {
  await using world = await start();
  expect((await problemOf(world.find('reviews:9080'))).message).toContain('default/reviews');
  expect((await problemOf(world.find('productpage:80'))).message).toContain('it has no port 80, only 9080');
});
