import { type BrokenCase, control, patch, patchStatus, person, SYSTEM, typed } from './case.ts';

const GATEWAY = 'service/istio-eastwestgateway';
const OBJECT = 'gateways.networking.istio.io/istiod-gateway';
const ingress = (...all: readonly object[]): string => patchStatus(GATEWAY, { loadBalancer: { ingress: all } }, SYSTEM);
/** What the controller of a cloud does. */
const cloud = (service: string): string =>
  patchStatus(`service/${service}`, { loadBalancer: { ingress: [{ ip: '10.150.0.1' }] } }, SYSTEM);
const port = (number: number): object => ({ name: `tls-${number}`, port: number, protocol: 'TCP', targetPort: number });

/** How VMs reach istiod. */
export const EXPOSURE_CASES: readonly BrokenCase[] = [
  {
    name: 'istiod-not-exposed',
    what: 'the Service of the gateway is gone',
    break: [control('delete', GATEWAY)],
    expected: ['istiod-exposed'],
    remedy: typed('istiod-exposed', { meanwhile: [cloud('istiod-ilb')] }),
  },
  {
    name: 'gateway-without-port',
    what: 'the Service of the gateway has no port for istiod',
    break: [patch(GATEWAY, { spec: { ports: [port(15021)] } }, SYSTEM)],
    expected: ['exposure-port'],
    remedy: typed('exposure-port', { meanwhile: [cloud('istiod-ilb')] }),
  },
  {
    name: 'load-balancer-pending',
    what: 'no load balancer gives the gateway an address',
    break: [ingress()],
    expected: ['exposure-address'],
    remedy: person('the events of the Service say whether its cloud has to act; a cluster without one uses a NodePort'),
  },
  {
    name: 'load-balancer-by-name',
    what: 'the address of the gateway is a host name',
    break: [ingress({ hostname: 'abc.elb.example.com' })],
    expected: ['exposure-hostname'],
    remedy: person('fixed addresses are ordered at the cloud'),
  },
  {
    name: 'control-plane-public',
    what: 'the gateway has a public address',
    break: [ingress({ ip: '8.8.4.4' })],
    expected: ['exposure-private'],
    remedy: person('whether the internet may reach istiod is a decision; the risk can be accepted'),
  },
  {
    name: 'gateway-pods-gone',
    what: 'the gateway has no pod',
    break: [control('delete', 'pod', 'gateway', '--force', '--grace-period=0')],
    expected: ['exposure-pods'],
    remedy: person('the Deployment of the gateway belongs to the installation'),
  },
  {
    name: 'gateway-pod-not-ready',
    what: 'the pod of the gateway is not ready',
    break: [patchStatus('pod/gateway', { conditions: [{ type: 'Ready', status: 'False' }] }, SYSTEM)],
    expected: ['exposure-pods'],
    remedy: person('the events and the log of the pod say why'),
  },
  {
    name: 'gateway-object-gone',
    what: 'no Gateway passes port 15012',
    break: [control('delete', OBJECT)],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod'),
  },
  {
    name: 'gateway-ends-tls',
    what: 'the gateway ends TLS on port 15012',
    break: [
      patch(
        OBJECT,
        [{ op: 'replace', path: '/spec/servers/0/tls', value: { mode: 'SIMPLE', credentialName: 'istiod' } }],
        SYSTEM,
      ),
    ],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'gateway-route-gone',
    what: 'no VirtualService routes port 15012',
    break: [control('delete', 'virtualservice', 'istiod-vs')],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod'),
  },
  {
    name: 'gateway-routes-elsewhere',
    what: 'the route for port 15012 leads to another Service',
    break: [
      patch(
        'virtualservice/istiod-vs',
        [
          {
            op: 'replace',
            path: '/spec/tls/0/route/0/destination',
            value: { host: 'kubernetes.default.svc.cluster.local', port: { number: 443 } },
          },
        ],
        SYSTEM,
      ),
    ],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'gateway-for-another-name',
    what: 'the Gateway passes TLS of another name only',
    break: [patch(OBJECT, [{ op: 'replace', path: '/spec/servers/0/hosts', value: ['pilot.example.com'] }], SYSTEM)],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'gateway-for-other-pods',
    what: 'the selector of the Gateway matches other pods',
    break: [patch(OBJECT, { spec: { selector: { istio: 'ingressgateway' } } }, SYSTEM)],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'gateway-route-for-another-name',
    what: 'the route for port 15012 is for another name in TLS',
    break: [
      patch(
        'virtualservice/istiod-vs',
        [{ op: 'replace', path: '/spec/tls/0/match/0/sniHosts', value: ['pilot.example.com'] }],
        SYSTEM,
      ),
    ],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'gateway-of-another-owner-ends-tls',
    what: 'a Gateway of another owner ends TLS on port 15012',
    given: [control('label', OBJECT, 'virtualservice/istiod-vs', 'app.kubernetes.io/managed-by-')],
    break: [
      patch(
        OBJECT,
        [{ op: 'replace', path: '/spec/servers/0/tls', value: { mode: 'SIMPLE', credentialName: 'istiod' } }],
        SYSTEM,
      ),
    ],
    expected: ['gateway-passes-istiod'],
    remedy: typed('gateway-passes-istiod', { command: 'all' }),
  },
  {
    name: 'webhook-not-passed',
    what: 'the Service of the gateway has port 15017, and no route for it',
    given: [patch(GATEWAY, { spec: { ports: [port(15021), port(15012), port(15017)] } }, SYSTEM)],
    break: [patch('virtualservice/istiod-vs', [{ op: 'remove', path: '/spec/tls/1' }], SYSTEM)],
    expected: ['gateway-passes-webhook'],
    remedy: typed('gateway-passes-webhook', { command: 'all' }),
  },
];
