import { apply, type BrokenCase, kubectl, patch, person, SYSTEM, typed } from './case.ts';
import { ENTRY, NAMESPACE, VM } from './mesh.ts';

const OF_VM = `workloadentry/${ENTRY}`;
const WEB = 'service/web';
const MYSQL = 'service/mysqldb';
const ports = (service: string, change: object): string =>
  patch(service, [{ op: 'add', path: '/spec/ports/0', value: change }]);
const first = (service: string, path: string, value: unknown): string =>
  patch(service, [{ op: 'replace', path: `/spec/ports/0/${path}`, value }]);
const ztunnel = apply({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'ztunnel', namespace: SYSTEM },
  spec: {
    selector: { matchLabels: { app: 'ztunnel' } },
    template: {
      metadata: { labels: { app: 'ztunnel' } },
      spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/ztunnel:1.29.6' }] },
    },
  },
});
/** A version whose entries have the tunnel label. */
const ambient = [
  ztunnel,
  kubectl('label', OF_VM, 'networking.istio.io/tunnel=http'),
  `kubectl -n ${SYSTEM} set image deployment/istiod discovery=docker.io/istio/pilot:1.29.6`,
  `kubectl -n ${SYSTEM} patch pod/istiod-lab --type=strategic -p '{"spec":{"containers":[{"name":"discovery","image":"docker.io/istio/pilot:1.29.6"}]}}'`,
];

/** Services, their ports, and what ambient clients need. */
export const SERVICE_CASES: readonly BrokenCase[] = [
  {
    name: 'service-gone',
    what: 'the Service of the database is deleted',
    break: [kubectl('delete', MYSQL)],
    expected: ['entry-service'],
    remedy: typed('entry-service'),
  },
  {
    name: 'second-service-gone',
    what: 'the Service of the web server is deleted',
    break: [kubectl('delete', WEB)],
    expected: ['entry-service'],
    remedy: typed('entry-service'),
  },
  {
    name: 'selector-misses',
    what: 'the selector of a Service of the VM has a misspelled label',
    break: [patch(WEB, [{ op: 'replace', path: '/spec/selector', value: { 'service.meshx.dev/web': 'raedy' } }])],
    expected: ['entry-service'],
    remedy: typed('entry-service'),
  },
  {
    name: 'selector-matches-nothing',
    what: 'a Service that meshx made selects nothing',
    break: [
      apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'cache', namespace: NAMESPACE, labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
        spec: { selector: { app: 'cache' }, ports: [{ name: 'redis', port: 6379 }] },
      }),
    ],
    expected: ['service-endpoints'],
    remedy: person('the Service may be wanted, and its VM not joined yet'),
  },
  {
    name: 'target-port-name-unknown',
    what: 'the target port of a Service is a name that the entry lacks',
    break: [
      patch(WEB, [
        { op: 'replace', path: '/spec/ports/0', value: { name: 'http-web', port: 8080, targetPort: 'www' } },
      ]),
    ],
    expected: ['target-port'],
    remedy: person('the Service or the port on the VM can be changed'),
  },
  {
    name: 'target-port-serves-nothing',
    what: 'the target port of a Service is a number at which the VM serves nothing',
    break: [
      patch(WEB, [{ op: 'replace', path: '/spec/ports/0', value: { name: 'http-web', port: 8080, targetPort: 8081 } }]),
    ],
    expected: ['target-port'],
    remedy: person('the Service or the port on the VM can be changed'),
  },
  {
    name: 'service-down',
    what: 'MariaDB is stopped, and the agent takes it out of rotation',
    break: [`ssh ${VM} systemctl stop mariadb`],
    expected: ['service-down'],
    remedy: person('the database may be stopped on purpose'),
    restore: [`ssh ${VM} systemctl start mariadb`],
  },
  {
    name: 'port-without-protocol',
    what: 'the port of a Service has a name without a protocol',
    break: [first(WEB, 'name', 'frontend')],
    expected: ['port-protocol'],
    remedy: typed('port-protocol'),
  },
  {
    name: 'name-and-app-protocol-differ',
    what: 'the name of a port says HTTP, its appProtocol TCP',
    break: [patch(WEB, [{ op: 'add', path: '/spec/ports/0/appProtocol', value: 'tcp' }])],
    expected: ['port-app-protocol'],
    remedy: person('which of the two is meant is known to the owner of the Service'),
  },
  {
    name: 'udp-port',
    what: 'a Service of the VM has a UDP port',
    break: [ports(WEB, { name: 'dns', port: 53, protocol: 'UDP' })],
    expected: ['port-udp'],
    remedy: typed('port-udp'),
  },
  {
    name: 'database-as-http',
    what: 'the port of the database is declared as HTTP',
    break: [patch(MYSQL, [{ op: 'add', path: '/spec/ports/0/appProtocol', value: 'http' }])],
    expected: ['port-server-first', 'port-app-protocol'],
    remedy: typed('port-server-first'),
  },
  {
    name: 'database-named-http',
    what: 'the name of the port of the database says HTTP',
    break: [first(MYSQL, 'name', 'http-db')],
    expected: ['port-server-first'],
    remedy: typed('port-server-first'),
  },
  {
    name: 'labels-missing',
    what: 'the group has no labels for metrics',
    break: [patch(`workloadgroup/${VM}`, { spec: { metadata: { labels: { app: null, version: null } } } })],
    expected: ['workload-labels'],
    remedy: typed('workload-labels'),
  },
  {
    name: 'ambient-tunnel-missing',
    what: 'an ambient mesh, and the entry has no tunnel label',
    given: ambient,
    break: [kubectl('label', OF_VM, 'networking.istio.io/tunnel-')],
    expected: ['ambient-tunnel'],
    remedy: typed('ambient-tunnel'),
  },
  {
    name: 'istiod-without-tunnel-label',
    what: 'an ambient mesh whose istiod 1.29.1 sets no tunnel label',
    given: ambient,
    break: [
      `kubectl -n ${SYSTEM} set image deployment/istiod discovery=docker.io/istio/pilot:1.29.1`,
      `kubectl -n ${SYSTEM} patch pod/istiod-lab --type=strategic -p '{"spec":{"containers":[{"name":"discovery","image":"docker.io/istio/pilot:1.29.1"}]}}'`,
    ],
    expected: ['istiod-defects'],
    remedy: person('an upgrade of the control plane is planned by its owner'),
  },
  {
    name: 'ambient-namespace-without-ztunnel',
    what: "the VM's namespace is labelled for ambient, and there is no ztunnel",
    break: [`kubectl label namespace ${NAMESPACE} istio.io/dataplane-mode=ambient`],
    expected: ['ambient-namespace'],
    remedy: typed('ambient-namespace'),
  },
];
