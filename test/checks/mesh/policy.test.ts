import { findingsOf, healthyMesh, judged } from '../../support/healthy-mesh.ts';
import { add, change, remove, testBroken } from './broken-mesh.ts';

const STRICT = 'PeerAuthentication vm/default';
const SERVICE = 'Service vm/mysqldb';
const ENTRY = 'WorkloadEntry vm/db1-10.0.0.5';
const mode = (text: string) => change(STRICT, `{spec: {mtls: {mode: ${text}}}}`);
const rule = (tls: string, words = 'namespace: vm') =>
  add(
    `{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: db, ${words}}, spec: {host: mysqldb.vm.svc.cluster.local, trafficPolicy: {tls: {mode: ${tls}}}}}`,
  );
const access = (spec: string, words = 'name: db, namespace: vm') =>
  add(`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {${words}}, spec: {${spec}}}`);
const FROM = { caller: { namespace: 'web', account: 'frontend' } };
const from = (principal: string) => `rules: [{from: [{source: {principals: ["${principal}"]}}]}]`;
const sidecar = (namespace: string, hosts: string) =>
  add(
    `{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: default, namespace: ${namespace}}, spec: {egress: [{hosts: ${hosts}}]}}`,
  );
const ZTUNNEL = add('{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ztunnel, namespace: istio-system}}');
const tunnelled = [ENTRY, 'WorkloadEntry vm/web1-10.0.0.6'].map((name) =>
  change(name, '{metadata: {labels: {networking.istio.io/tunnel: http}}}'),
);

testBroken([
  {
    title: 'a client that sends plaintext to a strict VM',
    edits: [rule('DISABLE')],
    found: ['error mtls-agreement'],
    says: /port 3306 of Service vm\/mysqldb: clients send DISABLE by DestinationRule vm\/db, the VM is STRICT by PeerAuthentication vm\/default: the VM refuses every connection \| .*kubectl edit destinationrule db -n vm/,
  },
  {
    title: 'a client that sends TLS of its own to a strict VM',
    edits: [rule('SIMPLE')],
    found: ['error mtls-agreement'],
    says: /clients send SIMPLE/,
  },
  {
    title: 'a client that insists on mutual TLS with a VM in plaintext',
    edits: [rule('ISTIO_MUTUAL'), mode('DISABLE')],
    found: ['error mtls-agreement'],
    says: /clients send ISTIO_MUTUAL .* the VM is DISABLE/,
  },
  {
    title: 'a client that sends plaintext to a permissive database hangs',
    edits: [rule('DISABLE'), mode('PERMISSIVE')],
    found: ['error mtls-agreement', 'warning mtls-server-first'],
    says: /both sides wait for the other/,
  },
  {
    title: 'a DestinationRule of the caller decides',
    edits: [rule('DISABLE', 'namespace: web')],
    words: FROM,
    found: ['error mtls-agreement'],
    says: /DestinationRule web\/db/,
  },
  {
    title: 'a DestinationRule of another namespace decides for the clients there, also without a given caller',
    edits: [rule('DISABLE', 'namespace: web')],
    found: ['error mtls-agreement'],
    says: /DestinationRule web\/db, the VM is STRICT/,
  },
  {
    title: 'a DestinationRule of the root namespace decides',
    edits: [rule('DISABLE', 'namespace: istio-system')],
    found: ['error mtls-agreement'],
    says: /DestinationRule istio-system\/db/,
  },
  {
    title: 'a client that insists on mutual TLS with a machine without a sidecar',
    edits: [rule('ISTIO_MUTUAL'), change(ENTRY, '{spec: {labels: {security.istio.io/tlsMode: disabled}}}')],
    words: { only: ['policy'] },
    found: ['error mtls-agreement'],
    says: /the label tlsMode=disabled of its entry/,
  },
  {
    title: 'a database that is permissive by the policy of its namespace, which the hint changes',
    edits: [mode('PERMISSIVE')],
    found: ['warning mtls-server-first'],
    says: /PERMISSIVE by PeerAuthentication vm\/\S+, and .*kubectl patch peerauthentication \S+ -n vm --type=merge -p '{"spec":{"mtls":{"mode":"STRICT"}}}'/,
  },
  {
    title: 'a permissive database without any policy',
    edits: [remove(STRICT)],
    found: ['warning mtls-server-first'],
    says: /port 3306 of Service vm\/mysqldb is PERMISSIVE by default.*\| kubectl apply -f -; or accept/,
  },
  {
    title: 'a mode for a port that the VM lacks',
    edits: [
      add(
        '{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: db, namespace: vm}, spec: {selector: {matchLabels: {app: db1}}, portLevelMtls: {"3307": {mode: DISABLE}}}}',
      ),
    ],
    found: ['warning mtls-port'],
    says: /PeerAuthentication vm\/db sets the mode of port 3307; its VMs have 3306/,
  },
  {
    title: 'a policy that denies the given caller',
    edits: [access(`selector: {matchLabels: {app: db1}}, ${from('cluster.local/ns/web/sa/other')}`)],
    words: FROM,
    found: ['error caller-allowed'],
    says: /AuthorizationPolicy vm\/db denies service account web\/frontend at port 3306 of Service vm\/mysqldb \| .*kubectl edit authorizationpolicy db -n vm/,
  },
  {
    title: 'a DENY policy wins over an ALLOW policy',
    edits: [
      access(from('cluster.local/ns/web/sa/*')),
      access(
        `action: DENY, rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {ports: ["3306"]}}]}]`,
        'name: no, namespace: vm',
      ),
    ],
    words: FROM,
    found: ['error caller-allowed'],
    says: /AuthorizationPolicy vm\/no denies/,
  },
  {
    title: 'a policy of the root namespace that denies everyone',
    edits: [access('', 'name: nothing, namespace: istio-system')],
    found: ['error caller-allowed'],
    says: /AuthorizationPolicy istio-system\/nothing denies every caller/,
  },
  {
    title: 'an assumed caller that is denied is a note with the command for a real one',
    edits: [access(from('cluster.local/ns/web/sa/frontend'))],
    found: ['note caller-allowed'],
    says: /denies service account vm\/default \(assumed: no caller was given\).*meshx check --from NAMESPACE\/ACCOUNT -n vm/,
  },
  {
    title: 'an ALLOW rule with paths never matches a database',
    edits: [access('selector: {matchLabels: {app: db1}}, rules: [{to: [{operation: {paths: ["/"]}}]}]')],
    words: FROM,
    found: ['error caller-allowed'],
    says: /AuthorizationPolicy vm\/db denies service account web\/frontend/,
  },
  {
    title: 'a principal of another trust domain',
    edits: [access(`action: DENY, ${from('old.example/ns/web/sa/frontend')}`)],
    found: ['warning policy-identities'],
    says: /names old\.example\/ns\/web\/sa\/frontend, and the trust domain of the mesh is cluster\.local/,
  },
  {
    title: 'a Service that is exported to its own namespace only',
    edits: [change(SERVICE, '{metadata: {annotations: {networking.istio.io/exportTo: .}}}')],
    words: FROM,
    found: ['error service-visible'],
    says: /callers of namespace web do not get Service vm\/mysqldb: annotation networking\.istio\.io\/exportTo=\..*kubectl annotate service mysqldb -n vm/,
  },
  {
    title: 'a Sidecar of the caller that hides the services',
    edits: [sidecar('web', '["./*", "istio-system/*"]')],
    words: FROM,
    found: ['error service-visible'],
    says: /Sidecar web\/default lets proxies of namespace web reach only \.\/\*, istio-system\/\* \| Add vm\/\* to its egress hosts: kubectl patch sidecar default -n web --type=json -p '\[{"op":"add","path":"\/spec\/egress\/0\/hosts\/-","value":"vm\/\*"}\]'/,
  },
  {
    title: 'a Sidecar of the root namespace that hides the services',
    edits: [sidecar('istio-system', '["istio-system/*"]')],
    found: ['error service-visible'],
    says: /callers of namespace vm \(assumed: no caller was given\).*Sidecar istio-system\/default/,
  },
  {
    title: 'an ambient mesh whose VMs lack the tunnel label',
    edits: [ZTUNNEL],
    found: ['error ambient-tunnel'],
    says: /db1-10\.0\.0\.5 \(10\.0\.0\.5\) has no label networking\.istio\.io\/tunnel=http.*kubectl label workloadentry db1-10\.0\.0\.5 -n vm/,
  },
  {
    title: 'a probe that ambient clients ignore',
    edits: [
      ZTUNNEL,
      ...tunnelled,
      change('WorkloadGroup vm/db1', '{spec: {probe: {tcpSocket: {host: localhost, port: 3306}}}}'),
    ],
    found: ['warning ambient-health'],
    says: /WorkloadGroup vm\/db1 has a probe, and ambient clients use its VM whatever the probe says/,
  },
  {
    title: 'a namespace that is labelled for ambient in a mesh of sidecars',
    edits: [change('Namespace vm', '{metadata: {labels: {istio.io/dataplane-mode: ambient}}}')],
    found: ['warning ambient-namespace'],
    says: /the mesh has no ztunnel.*kubectl label namespace vm istio\.io\/dataplane-mode-/,
  },
]);

test.each([
  ['the principal is named', access(from('cluster.local/ns/web/sa/frontend'))],
  ['the namespace is named', access('rules: [{from: [{source: {namespaces: [web]}}]}]')],
  ['every caller with an identity is let in', access(from('*'))],
  ['a DENY policy is for another port', access('action: DENY, rules: [{to: [{operation: {ports: ["22"]}}]}]')],
  ['a policy selects other workloads', access('selector: {matchLabels: {app: other}}, action: DENY, rules: [{}]')],
  [
    'a policy is only a dry run',
    access('action: DENY, rules: [{}]', 'name: db, namespace: vm, annotations: {istio.io/dry-run: "true"}'),
  ],
])('a caller is let in where %s', async (_title, policy) => {
  expect(findingsOf(await judged(healthyMesh(policy), FROM))).toEqual([]);
});

test.each([
  [
    'the services are exported to the caller',
    change(SERVICE, '{metadata: {annotations: {networking.istio.io/exportTo: "., web"}}}'),
  ],
  ['the Sidecar of the caller names the namespace', sidecar('web', '["./*", "vm/*"]')],
  [
    'the Sidecar of the caller names the hosts',
    sidecar('web', '["vm/mysqldb.vm.svc.cluster.local", "*/web.vm.svc.cluster.local"]'),
  ],
])('a service is visible where %s', async (_title, edit) => {
  expect(findingsOf(await judged(healthyMesh(edit), FROM))).toEqual([]);
});

test('an ambient mesh with tunnel labels gives no finding', async () => {
  expect(findingsOf(await judged(healthyMesh(ZTUNNEL, ...tunnelled)))).toEqual([]);
});

/** By the mode of the VM: what clients send, and whether it is a finding at a database and at a web server. */
const COMBINATIONS = [
  ['STRICT', 'DISABLE', true, true],
  ['STRICT', 'SIMPLE', true, true],
  ['STRICT', 'MUTUAL', true, true],
  ['STRICT', 'ISTIO_MUTUAL', false, false],
  ['PERMISSIVE', 'DISABLE', true, false],
  ['PERMISSIVE', 'SIMPLE', true, true],
  ['PERMISSIVE', 'MUTUAL', true, true],
  ['PERMISSIVE', 'ISTIO_MUTUAL', false, false],
  ['DISABLE', 'DISABLE', false, false],
  ['DISABLE', 'SIMPLE', false, false],
  ['DISABLE', 'MUTUAL', true, true],
  ['DISABLE', 'ISTIO_MUTUAL', true, true],
] as const;

test.each(COMBINATIONS)('a VM in mode %s and clients that send %s', async (server, client, database, web) => {
  const clients = add(
    `{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: all, namespace: vm}, spec: {host: "*.vm.svc.cluster.local", trafficPolicy: {tls: {mode: ${client}}}}}`,
  );
  const results = await judged(healthyMesh(mode(server), clients), { only: ['mtls-agreement'] });
  const objects = results.filter(({ ok }) => ok === false).map(({ object }) => object);
  expect(objects).toEqual([...(database ? ['Service vm/mysqldb'] : []), ...(web ? ['Service vm/web'] : [])]);
});
