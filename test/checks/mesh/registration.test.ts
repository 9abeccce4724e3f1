import { DRAINED_ANNOTATION } from '../../../src/mesh/current/entry-ports.ts';
import { findingsOf, healthyMesh, judged } from '../../support/healthy-mesh.ts';
import { add, change, remove, testBroken } from './broken-mesh.ts';

const ENTRY = 'WorkloadEntry vm/db1-10.0.0.5';
const GROUP = 'WorkloadGroup vm/db1';
const SERVICE = 'Service vm/mysqldb';
const note = (text: string) => change(ENTRY, `{metadata: {annotations: {${text}}}}`);
const port = (text: string) => change(SERVICE, `{spec: {ports: [{${text}}]}}`);
const AS_MADE = 'port: 3306, protocol: TCP, targetPort: mysql-3306';
const entry = (name: string, words: string) =>
  add(
    `{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: ${name}, namespace: vm}, spec: {${words}}}`,
  );

testBroken([
  {
    title: 'an entry of another namespace that has the address of a VM',
    edits: [
      add(
        '{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: old, namespace: web, labels: {meshx.dev/vm: old}}, spec: {address: 10.0.0.5, labels: {app: old, version: v1}}}',
        '{apiVersion: v1, kind: Namespace, metadata: {name: web}}',
      ),
    ],
    words: { only: ['entry-address'] },
    found: ['warning entry-address'],
    says: /10\.0\.0\.5 is the address of vm\/db1-10\.0\.0\.5 and web\/old: clients .*kubectl delete workloadentry old -n web/,
  },
  {
    title: 'a namespace that does not exist',
    edits: [],
    words: { namespace: 'dbs' },
    found: ['error vm-namespace'],
    says: /namespace dbs does not exist in lab \| Create it: kubectl create namespace dbs/,
  },
  {
    title: 'a namespace that is being deleted',
    edits: [
      change('Namespace vm', '{metadata: {deletionTimestamp: "2026-11-30T10:00:00Z"}, status: {phase: Terminating}}'),
    ],
    found: ['error vm-namespace'],
    says: /namespace vm is being deleted/,
  },
  {
    title: 'a service account that is gone',
    edits: [remove('ServiceAccount vm/db1')],
    found: ['error service-accounts'],
    says: /service account vm\/db1 of WorkloadGroup vm\/db1 and 1 more does not exist.*kubectl create serviceaccount db1 -n vm/,
  },
  {
    title: 'a VM that is off: its entry is gone, and its Service is not blamed',
    edits: [remove(ENTRY)],
    found: ['error vm-registered'],
    says: /no VM of WorkloadGroup vm\/db1 is connected.*ssh db1 .*meshx rejoin db1 -n vm/,
  },
  {
    title: 'an entry whose group is gone',
    edits: [remove(GROUP)],
    found: ['error entry-group'],
    says: /WorkloadGroup vm\/db1 of WorkloadEntry vm\/db1-10\.0\.0\.5 is gone.*meshx up db1 -n vm --service mysqldb:mysql:3306/,
  },
  {
    title: 'entries whose groups are all gone are found by their label',
    edits: ['db1', 'web1'].map((name) => remove(`WorkloadGroup vm/${name}`)),
    found: ['error entry-group'],
    says: /WorkloadGroup vm\/db1 of WorkloadEntry vm\/db1-10\.0\.0\.5 is gone/,
  },
  {
    title: 'a group whose probe meets the sidecar itself',
    edits: [change(GROUP, '{spec: {probe: {tcpSocket: {port: 3306}}}}')],
    found: ['warning group-probe'],
    says: /it passes even if the service is down.*kubectl patch workloadgroup db1 -n vm --type merge/,
  },
  {
    title: 'a group with a gRPC probe',
    edits: [change(GROUP, '{spec: {probe: {grpc: {port: 3306}}}}')],
    found: ['warning group-probe'],
    says: /pilot-agent stops once the service answers NOT_SERVING/,
  },
  {
    title: 'a sidecar that lost its connection',
    edits: [note('istio.io/disconnectedAt: "2026-11-30T10:00:00Z"')],
    found: ['error entry-connected'],
    says: /\(10\.0\.0\.5\) lost its connection to istiod at 2026-11-30T10:00:00Z/,
  },
  {
    title: 'a sidecar that never connected',
    edits: [note('istio.io/connectedAt: null')],
    found: ['error entry-connected'],
    says: /has no connection to istiod/,
  },
  {
    title: 'an entry left behind by an istiod that is gone',
    edits: [note('istio.io/workloadController: istiod-0')],
    found: ['error entry-connected'],
    says: /was connected to istiod-0, which no longer exists/,
  },
  {
    title: 'an unhealthy entry with the message of its probe',
    edits: [change(ENTRY, '{status: {conditions: [{type: Healthy, status: "False", message: connection refused}]}}')],
    found: ['error entry-health'],
    says: /is unhealthy, so clients do not use it: connection refused/,
  },
  {
    title: 'a probed entry that has reported nothing',
    edits: [note('proxy.istio.io/health-checks-enabled: "true"')],
    found: ['error entry-health'],
    says: /not healthy yet/,
  },
  {
    title: 'a drained VM is a note, and nothing else is wrong with it',
    edits: [
      change(
        ENTRY,
        `{metadata: {labels: {service.meshx.dev/mysqldb: draining}, annotations: {${DRAINED_ANNOTATION}: mysql-3306=3306}}, spec: {labels: {service.meshx.dev/mysqldb: draining}, ports: null}}`,
      ),
    ],
    found: ['note entry-rotation'],
    says: /out of rotation for mysqldb \| .*meshx undrain db1/,
  },
  {
    title: 'two entries on one address',
    edits: [entry('copy', 'address: 10.0.0.5')],
    words: { only: ['registration'] },
    found: ['error entry-address'],
    says: /10\.0\.0\.5 is the address of copy and db1-10\.0\.0\.5 in namespace vm.*delete workloadentry copy -n vm/,
  },
  {
    title: 'of two entries on one address, the one that no sidecar made is the one to delete, whatever its name is',
    edits: [entry('an-older-one', 'address: 10.0.0.5')],
    words: { only: ['registration'] },
    found: ['error entry-address'],
    says: /delete workloadentry an-older-one -n vm/,
  },
  {
    title: 'an entry in a network without a gateway',
    edits: [change(ENTRY, '{spec: {network: vms}}')],
    found: ['error entry-network'],
    says: /is in network vms, the cluster in none, and no Service .* is a gateway of vms/,
  },
  {
    title: 'a label that contradicts the network of an entry',
    edits: [
      change('Namespace istio-system', '{metadata: {labels: {topology.istio.io/network: vms}}}'),
      change(ENTRY, '{metadata: {labels: {topology.istio.io/network: pods}}, spec: {network: vms}}'),
    ],
    found: ['error entry-network'],
    says: /its label topology\.istio\.io\/network says pods \| .*kubectl label workloadentry db1-10\.0\.0\.5 -n vm topology\.istio\.io\/network-/,
  },
  {
    title: 'an entry without the network of its group',
    edits: [
      change('Namespace istio-system', '{metadata: {labels: {topology.istio.io/network: vms}}}'),
      change(GROUP, '{spec: {template: {network: vms}}}'),
    ],
    found: ['error entry-network'],
    says: /is in network none, and its WorkloadGroup vm\/db1 says vms/,
  },
  {
    title: 'an entry that was made before its group changed',
    edits: [change(GROUP, '{spec: {metadata: {labels: {tier: back}}, template: {serviceAccount: web1}}}')],
    found: ['warning entry-drift'],
    says: /label tier=back is missing; the account is db1, not web1 \| Copy the labels: kubectl patch workloadentry db1-10\.0\.0\.5 -n vm .*"labels":{"tier":"back"}/,
  },
  {
    title: 'an entry that lacks the label of a service',
    edits: [
      change(
        ENTRY,
        '{metadata: {labels: {service.meshx.dev/mysqldb: null}}, spec: {labels: {service.meshx.dev/mysqldb: null}}}',
      ),
    ],
    words: { only: ['entry-drift'] },
    found: ['warning entry-drift'],
    says: /label service\.meshx\.dev\/mysqldb=ready is missing \| .*meshx up db1 -n vm/,
  },
  {
    title: 'a service whose unit stops is down, though its agent drains it first',
    edits: [
      change(
        ENTRY,
        `{metadata: {annotations: {meshx.dev/agent: "1", meshx.dev/ports: mysql-3306=3306, agent.meshx.dev/mysqldb: '{"state":"drained","since":"2026-11-30T11:00:00Z","reason":"its unit stops; no open connections"}'}}, spec: {ports: null}}`,
      ),
    ],
    found: ['error service-down'],
    says: /out of rotation since .*: drained: its unit stops/,
  },
  {
    title: 'a service that a person drained by its agent is a note',
    edits: [
      change(
        ENTRY,
        `{metadata: {annotations: {meshx.dev/agent: "1", meshx.dev/ports: mysql-3306=3306, agent.meshx.dev/mysqldb: '{"state":"drained","since":"2026-11-30T11:00:00Z","reason":"drained on request"}'}}, spec: {ports: null}}`,
      ),
    ],
    found: ['note entry-rotation'],
    says: /out of rotation for mysqldb \| .*meshx undrain db1/,
  },
  {
    title: 'an entry whose Service is gone',
    edits: [remove(SERVICE)],
    found: ['error entry-service'],
    says: /serves mysqldb, but there is no Service vm\/mysqldb.*meshx up db1 -n vm/,
  },
  {
    title: 'a Service of the name that does not select the entry',
    edits: [change(SERVICE, '{spec: {selector: {service.meshx.dev/mysqldb: null, app: mysql}}}')],
    words: { only: ['entry-service'] },
    found: ['error entry-service'],
    says: /Service vm\/mysqldb does not select it/,
  },
  {
    title: 'a Service that selects nothing',
    edits: [
      add(
        '{apiVersion: v1, kind: Service, metadata: {name: cache, namespace: vm, labels: {app.kubernetes.io/managed-by: meshx}}, spec: {selector: {app: cache}, ports: [{name: redis, port: 6379}]}}',
      ),
    ],
    found: ['error service-endpoints'],
    says: /Service vm\/cache selects app=cache, and no entry or pod of namespace vm/,
  },
  {
    title: 'a target port by a name that the entry lacks',
    edits: [change(ENTRY, '{spec: {ports: {mysql-3306: null, mysql: 3306}}}'), port('name: mysql-old, ' + AS_MADE)],
    found: ['error target-port'],
    says: /port 3306 of Service vm\/mysqldb asks for the port named mysql-3306, and .* has only mysql: it is no endpoint/,
  },
  {
    title: 'a target port by a number at which the VM serves nothing',
    edits: [port('name: mysql, port: 3306, protocol: TCP, targetPort: 3307')],
    found: ['error target-port'],
    says: /leads to 3307 of .*, where the VM serves nothing; it serves 3306/,
  },
  {
    title: 'a service that the agent holds down, with its reason',
    edits: [
      change(
        ENTRY,
        `{metadata: {annotations: {meshx.dev/agent: "1", meshx.dev/ports: mysql-3306=3306, agent.meshx.dev/mysqldb: '{"state":"down","since":"2026-11-30T11:00:00Z","reason":"connection refused"}'}}, spec: {ports: null}}`,
      ),
    ],
    found: ['error service-down'],
    says: /keeps mysqldb \(port 3306\) out of rotation since 2026-11-30T11:00:00Z: down: connection refused/,
  },
  {
    title: 'a port without a protocol',
    edits: [port(`name: db, ${AS_MADE}`)],
    found: ['warning port-protocol'],
    says: /port 3306 \(db\) of Service vm\/mysqldb names no protocol.*kubectl patch service mysqldb -n vm --type=json/,
  },
  {
    title: 'an appProtocol that differs from the name is a note',
    edits: [port(`name: http-db, appProtocol: tcp, ${AS_MADE}`)],
    found: ['note port-app-protocol'],
    says: /is plain TCP by its appProtocol tcp, which wins over its name/,
    withoutHint: true,
  },
  {
    title: 'a UDP port',
    edits: [change(SERVICE, `{spec: {ports: [{name: mysql, ${AS_MADE}}, {name: dns, port: 53, protocol: UDP}]}}`)],
    found: ['error port-udp'],
    says: /port 53 \(dns\) of Service vm\/mysqldb is UDP.*"path":"\/spec\/ports\/1"/,
  },
  {
    title: 'a database that is declared as HTTP',
    edits: [port(`name: http-mysql, ${AS_MADE}`)],
    found: ['error port-server-first'],
    says: /counts as HTTP, but servers on it usually speak first/,
  },
  {
    title: 'a group without the labels of metrics',
    edits: [change(GROUP, '{spec: {metadata: {labels: {app: null, version: null}}}}')],
    found: ['warning workload-labels'],
    says: /WorkloadGroup vm\/db1 has no label app and version/,
  },
]);

test('pods behind a Service of meshx are endpoints, too', async () => {
  const mesh = healthyMesh(
    add(
      '{apiVersion: v1, kind: Service, metadata: {name: cache, namespace: vm, labels: {app.kubernetes.io/managed-by: meshx}}, spec: {selector: {app: cache}, ports: [{name: redis, port: 6379}]}}',
      '{apiVersion: v1, kind: Pod, metadata: {name: cache-1, namespace: vm, labels: {app: cache}}}',
    ),
  );
  expect(findingsOf(await judged(mesh))).toEqual([]);
});

test('another Service of the namespace that concerns no VM is not judged', async () => {
  const mesh = healthyMesh(
    add(
      '{apiVersion: v1, kind: Service, metadata: {name: dns, namespace: vm}, spec: {selector: {app: dns}, ports: [{port: 53, protocol: UDP}]}}',
    ),
  );
  expect(findingsOf(await judged(mesh))).toEqual([]);
});

test('an entry of a network with a gateway is reachable', async () => {
  const mesh = healthyMesh(
    change(ENTRY, '{spec: {network: vms}}'),
    change('Service istio-system/istio-eastwestgateway', '{metadata: {labels: {topology.istio.io/network: vms}}}'),
  );
  expect(findingsOf(await judged(mesh))).toEqual([]);
});

test('a fixed entry has no group, no connection and no drift', async () => {
  const mesh = healthyMesh(
    add(
      '{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: old, namespace: vm, labels: {app.kubernetes.io/managed-by: meshx}}, spec: {address: 10.0.0.9, serviceAccount: nothing, labels: {app: old, version: v1, security.istio.io/tlsMode: disabled}}}',
    ),
  );
  expect(findingsOf(await judged(mesh))).toEqual([]);
});
