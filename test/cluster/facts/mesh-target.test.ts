import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectKubernetes } from '../../../src/cluster/api/connect-kubernetes.ts';
import { findMeshTarget } from '../../../src/cluster/facts/mesh-target.ts';
import { parseMeshTarget } from '../../../src/mesh/mesh-target.ts';
import { problemOf } from '../../support/problem.ts';
import { temporaryFolder } from '../../support/run-cli.ts';

const SERVICES = `apiVersion: v1
kind: Service
metadata: { name: shop, namespace: default }
spec:
  clusterIP: 10.63.240.9
  ports: [{ port: 9080, name: http }, { port: 9090, name: status, appProtocol: http }, { port: 5432, name: tcp-db }]
---
apiVersion: v1
kind: Service
metadata: { name: headless, namespace: vm }
spec: { clusterIP: None, ports: [{ port: 3306, name: mysql }] }
`;

async function find(word: string) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'services.yaml'), SERVICES);
  const kube = await connectKubernetes({ manifests: folder, env: {}, home: folder });
  const place = { namespace: 'vm', clusterDomain: 'cluster.local', signal: new AbortController().signal };
  return findMeshTarget(kube, parseMeshTarget(word), place);
}

const SHOP = { host: 'shop.default.svc.cluster.local', clusterIp: '10.63.240.9' };

test.each([
  ['shop.default:9080', { ...SHOP, port: 9080, path: '/' }],
  ['shop.default.svc:9080', { ...SHOP, port: 9080, path: '/' }],
  ['shop.default.svc.cluster.local:9080/health?x=1', { ...SHOP, port: 9080, path: '/health?x=1' }],
  ['shop.default:9090', { ...SHOP, port: 9090, path: '/' }],
  ['shop.default:5432', { ...SHOP, port: 5432 }],
  ['headless:3306', { host: 'headless.vm.svc.cluster.local', port: 3306 }],
  ['example.com:443', { host: 'example.com', port: 443 }],
  ['api.example.com:80/v1', { host: 'api.example.com', port: 80, path: '/v1' }],
])('%s is looked up; a service that speaks HTTP gets a path', async (word, target) => {
  expect(await find(word)).toEqual(target);
});

test.each(['nobody:80', 'nobody.default.svc:80', 'shop.default:81'])('%s is not in the cluster', async (word) => {
  expect((await problemOf(find(word))).id).toBe('mesh-service-unknown');
});

test.each(['shop', 'shop:', ':80', 'shop:80 /x', 'Shop:80', 'shop:http:80', '$(x):80'])('%j is refused', (word) => {
  expect(() => parseMeshTarget(word)).toThrow();
});
