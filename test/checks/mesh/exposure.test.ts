import { X509Certificate } from 'node:crypto';
import { selfSigned } from '../../support/cluster-objects.ts';
import { findingsOf, healthyMesh, judged, ROOT } from '../../support/healthy-mesh.ts';
import { add, change, remove, testBroken } from './broken-mesh.ts';

const GATEWAY = 'Service istio-system/istio-eastwestgateway';
const PORT_15012 = '{name: tls-istiod, number: 15012, protocol: TLS}';
const PORT_15017 = '{port: {name: tls-webhook, number: 15017, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ["*"]}';
const NO_ENDPOINT = change(
  'EndpointSlice istio-system/istio-eastwestgateway-1',
  '{endpoints: [{addresses: [10.4.0.7], conditions: {ready: false}}]}',
);
const servers = (text: string) => change('Gateway istio-system/istiod-gateway', `{spec: {servers: [${text}]}}`);
const roots = (place: string, pem: string) =>
  change(`ConfigMap ${place}/istio-ca-root-cert`, JSON.stringify({ data: { 'root-cert.pem': pem } }));
const OTHER = selfSigned('another root').cert;
const EMPTY = '-----BEGIN CERTIFICATE----------END CERTIFICATE-----';
const END = new Date(new X509Certificate(OTHER).validTo);
const DAY_MS = 86_400_000;
const everywhere = (pem: string) => [roots('istio-system', pem), roots('vm', pem)];
const bundle = (pem: string) =>
  change(
    'MutatingWebhookConfiguration istio-revision-tag-default',
    JSON.stringify({
      webhooks: [
        {
          name: 'w',
          clientConfig: {
            service: { name: 'istiod', namespace: 'istio-system' },
            caBundle: Buffer.from(pem).toString('base64'),
          },
        },
      ],
    }),
  );

testBroken([
  {
    title: 'an istiod that only the cluster can reach',
    edits: [remove(GATEWAY)],
    found: ['error istiod-exposed'],
    says: /Service istio-system\/istiod has no address outside the cluster \| Expose it: meshx expose apply --wait/,
  },
  {
    title: 'a gateway without a port for istiod',
    edits: [change(GATEWAY, '{spec: {ports: [{name: tls, port: 15443}]}}')],
    found: ['error exposure-port'],
    says: /no port for istiod \(15012\), only 15443 \| .*--mode direct/,
  },
  {
    title: 'a gateway without that port serves other clusters, where another Service leads VMs to istiod',
    edits: [
      change(GATEWAY, '{spec: {ports: [{name: tls, port: 15443}]}}'),
      add(
        '{apiVersion: v1, kind: Service, metadata: {name: istiod-ilb, namespace: istio-system}, spec: {type: LoadBalancer, selector: {app: istiod}, ports: [{name: tls-istiod, port: 15012}]}, status: {loadBalancer: {ingress: [{ip: 10.150.0.1}]}}}',
      ),
    ],
    found: [],
    says: /^$/,
  },
  {
    title: 'a load balancer that waits for its address',
    edits: [change(GATEWAY, '{status: {loadBalancer: null}}')],
    found: ['error exposure-address'],
    says: /still waits for an address.*kubectl describe service istio-eastwestgateway -n istio-system.*meshx expose apply --node-port/,
  },
  {
    title: 'a load balancer with a host name',
    edits: [change(GATEWAY, '{status: {loadBalancer: {ingress: [{hostname: lb.example.com}]}}}')],
    found: ['warning exposure-hostname'],
    says: /host name lb\.example\.com/,
  },
  {
    title: 'a public address of istiod',
    edits: [change(GATEWAY, '{status: {loadBalancer: {ingress: [{ip: 35.197.249.113}]}}}')],
    found: ['risk exposure-private'],
    says: /public address 35\.197\.249\.113/,
  },
  {
    title: 'a gateway whose pod is not ready',
    edits: [change('Pod istio-system/gateway-1', '{status: {phase: Pending, conditions: []}}'), NO_ENDPOINT],
    found: ['error exposure-pods'],
    says: /Pod istio-system\/gateway-1 is not ready: Pending \| .*kubectl get pods -n istio-system -l istio=eastwestgateway/,
  },
  {
    title: 'a gateway with one pod that is not ready beside another is a warning',
    edits: [change('Pod istio-system/gateway-1', '{status: {phase: Pending, conditions: []}}')],
    found: ['warning exposure-pods'],
    says: /Pod istio-system\/gateway-1 is not ready: Pending/,
  },
  {
    title: 'a gateway without pods',
    edits: [remove('Pod istio-system/gateway-1'), NO_ENDPOINT],
    found: ['error exposure-pods'],
    says: /no pod has the labels istio=eastwestgateway/,
  },
  {
    title: 'a gateway without a Gateway',
    edits: [remove('Gateway istio-system/istiod-gateway')],
    found: ['error gateway-passes-istiod'],
    says: /no Gateway for the pods of Service istio-system\/istio-eastwestgateway has a server on port 15012: VMs cannot reach istiod/,
  },
  {
    title: 'a Gateway that ends TLS',
    edits: [servers(`{port: ${PORT_15012}, tls: {mode: SIMPLE}, hosts: ["*"]}, ${PORT_15017}`)],
    found: ['error gateway-passes-istiod'],
    says: /ends TLS on port 15012 \(mode SIMPLE\)/,
  },
  {
    title: 'a Gateway for other pods',
    edits: [change('Gateway istio-system/istiod-gateway', '{spec: {selector: {istio: ingressgateway}}}')],
    found: ['error gateway-passes-istiod'],
    says: /no Gateway for the pods/,
  },
  {
    title: 'a gateway without a VirtualService',
    edits: [remove('VirtualService istio-system/istiod-vs')],
    found: ['error gateway-passes-istiod'],
    says: /no VirtualService of Gateway istio-system\/istiod-gateway has a tls route for port 15012/,
  },
  {
    title: 'a Gateway for another name in TLS',
    edits: [servers(`{port: ${PORT_15012}, tls: {mode: PASSTHROUGH}, hosts: ["pilot.example.com"]}, ${PORT_15017}`)],
    found: ['error gateway-passes-istiod'],
    says: /passes port 15012 for pilot\.example\.com only, and VMs ask for istiod\.istio-system\.svc/,
  },
  {
    title: 'a route for another name in TLS',
    edits: [
      change(
        'VirtualService istio-system/istiod-vs',
        `{spec: {tls: [
          {match: [{port: 15012, sniHosts: ["pilot.example.com"]}], route: [{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15012}}}]},
          {match: [{port: 15017, sniHosts: ["*.svc"]}], route: [{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 443}}}]}]}}`,
      ),
    ],
    found: ['error gateway-passes-istiod'],
    says: /the tls route for port 15012 is for pilot\.example\.com only/,
  },
  {
    title: 'a route that leads to another port',
    edits: [
      change(
        'VirtualService istio-system/istiod-vs',
        `{spec: {tls: [
          {match: [{port: 15012, sniHosts: ["*"]}], route: [{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}}]},
          {match: [{port: 15017, sniHosts: ["*"]}], route: [{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 443}}}]}]}}`,
      ),
    ],
    found: ['error gateway-passes-istiod'],
    says: /leads to istiod\.istio-system\.svc\.cluster\.local:15010, not to istiod:15012/,
  },
  {
    title: 'a Gateway without the port of the webhooks is a note',
    edits: [servers(`{port: ${PORT_15012}, tls: {mode: PASSTHROUGH}, hosts: ["*"]}`)],
    found: ['note gateway-passes-webhook'],
    says: /VMs do not need them/,
  },
  {
    title: 'a root that ends soon',
    edits: [...everywhere(OTHER), bundle(OTHER)],
    words: { now: new Date(END.getTime() - 10 * DAY_MS) },
    found: ['warning root-end'],
    says: /root certificate .* in ConfigMap istio-system\/istio-ca-root-cert ends on \S+, in 10 days/,
  },
  {
    title: 'a root that has ended',
    edits: [...everywhere(OTHER), bundle(OTHER)],
    words: { now: new Date(END.getTime() + DAY_MS) },
    found: ['error root-end'],
    says: /ended on \S+: every connection of the mesh fails/,
  },
  {
    title: 'a ConfigMap of roots without a certificate',
    edits: everywhere('nothing'),
    found: ['error root-end'],
    says: /holds no certificate.*kubectl rollout restart deployment\/istiod -n istio-system/,
  },
  {
    title: 'two roots are a note: a rotation is under way',
    edits: everywhere(`${ROOT}\n${OTHER}`),
    words: { only: ['root-single', 'root-of-istiod', 'root-namespace'] },
    found: ['note root-single'],
    says: /has 2 roots/,
  },
  {
    title: 'only empty certificates where the roots should be',
    edits: everywhere(EMPTY),
    found: ['error root-end'],
    says: /holds no certificate/,
  },
  {
    title: 'an istiod with another root than VMs get',
    edits: [bundle(OTHER)],
    found: ['error root-of-istiod'],
    says: /istiod uses root .*VMs refuse istiod/,
  },
  {
    title: 'a namespace that a rotation has not reached',
    edits: [roots('vm', OTHER)],
    found: ['error root-namespace'],
    says: /ConfigMap vm\/istio-ca-root-cert lacks root/,
  },
  {
    title: 'a namespace without roots',
    edits: [remove('ConfigMap vm/istio-ca-root-cert')],
    found: ['error root-namespace'],
    says: /ConfigMap vm\/istio-ca-root-cert does not exist/,
  },
]);

test.each([
  ['repeated, also with carriage returns', `${ROOT}\n${ROOT.replaceAll('\n', '\r\n')}\n`],
  ['beside an empty one', `${EMPTY}${ROOT}`],
])('a root that is %s is one root: there is no rotation', async (_which, text) => {
  expect(findingsOf(await judged(healthyMesh(...everywhere(text))))).toEqual([]);
});

test('an address that the operator gives needs no Service', async () => {
  const mesh = healthyMesh(remove(GATEWAY));
  expect(findingsOf(await judged(mesh, { facts: { address: '10.1.2.3' } }))).toEqual([]);
});

test('a Service straight to istiod needs no Gateway', async () => {
  const balancer =
    '{apiVersion: v1, kind: Service, metadata: {name: istiod-ilb, namespace: istio-system}, spec: {type: LoadBalancer, selector: {app: istiod}, ports: [{port: 15012}]}, status: {loadBalancer: {ingress: [{ip: 10.1.2.3}]}}}';
  const gone = ['Gateway istio-system/istiod-gateway', 'VirtualService istio-system/istiod-vs', GATEWAY].map(remove);
  expect(findingsOf(await judged(healthyMesh(...gone, add(balancer))))).toEqual([]);
});

test('istiod in another cluster is not looked for here', async () => {
  const elsewhere = [
    ...['Deployment istio-system/istiod', 'Pod istio-system/istiod-1', GATEWAY].map(remove),
    change('Service istio-system/istiod', '{spec: {selector: null}}'),
    add(
      '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: istiod-2, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}, endpoints: [{addresses: [10.9.9.9]}], ports: [{name: tls-istiod, port: 15012}]}',
    ),
  ];
  expect(findingsOf(await judged(healthyMesh(...elsewhere)))).toEqual([]);
});

test('an istiod and a gateway that are no pods are found by their endpoints', async () => {
  const pods = ['Pod istio-system/gateway-1', 'Pod istio-system/istiod-1', 'Deployment istio-system/istiod'].map(
    remove,
  );
  expect(findingsOf(await judged(healthyMesh(...pods)))).toEqual([]);
});

test('a Service of istiod with nothing behind it is a control plane that is not ready', async () => {
  const gone = ['Deployment istio-system/istiod', 'Pod istio-system/istiod-1', 'EndpointSlice istio-system/istiod-1'];
  const results = await judged(healthyMesh(...gone.map(remove)), { only: ['cluster'] });
  expect(findingsOf(results)).toEqual(['error control-plane-ready']);
});
