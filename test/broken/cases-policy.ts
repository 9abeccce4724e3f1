import { apply, type BrokenCase, istio, kubectl, patch, person, SYSTEM, typed } from './case.ts';
import { meshConfig } from './cases-cluster.ts';
import { NAMESPACE, VM } from './mesh.ts';

const HOST = `web.${NAMESPACE}.svc.cluster.local`;
const STRICT = 'peerauthentication/strict';
const selected = { selector: { matchLabels: { 'meshx.dev/vm': VM } } };
const rule = (mode: string, namespace: string = NAMESPACE): string =>
  apply(istio('DestinationRule', 'web', { host: HOST, trafficPolicy: { tls: { mode } } }, namespace));
const policy = (name: string, spec: object, namespace: string = NAMESPACE): string =>
  apply(istio('AuthorizationPolicy', name, spec, namespace));
const from = (...principals: readonly string[]): object => ({ rules: [{ from: [{ source: { principals } }] }] });
const FRONTEND = ['--from', 'default/frontend'];

/** Policies between callers and the VM. */
export const POLICY_CASES: readonly BrokenCase[] = [
  {
    name: 'client-in-plaintext',
    what: 'a DestinationRule turns mutual TLS off, and the VM is strict',
    break: [rule('DISABLE')],
    expected: ['mtls-agreement'],
    remedy: person('the rule or the PeerAuthentication can be meant'),
  },
  {
    name: 'client-in-plaintext-by-root-namespace',
    what: 'a DestinationRule of the root namespace turns mutual TLS off',
    break: [rule('DISABLE', SYSTEM)],
    expected: ['mtls-agreement'],
    remedy: person('the rule or the PeerAuthentication can be meant'),
  },
  {
    name: 'client-in-plaintext-by-another-namespace',
    what: 'a DestinationRule of a namespace with clients turns mutual TLS off there',
    break: [rule('DISABLE', 'default')],
    expected: ['mtls-agreement'],
    remedy: person('the rule or the PeerAuthentication can be meant'),
    restore: ['kubectl -n default delete destinationrule web --ignore-not-found'],
  },
  {
    name: 'server-in-plaintext',
    what: 'clients must use mutual TLS, and the VM accepts plaintext only',
    given: [rule('ISTIO_MUTUAL')],
    break: [apply(istio('PeerAuthentication', 'off', { ...selected, mtls: { mode: 'DISABLE' } }))],
    expected: ['mtls-agreement'],
    remedy: person('the rule or the PeerAuthentication can be meant'),
  },
  {
    name: 'database-permissive',
    what: 'the policy of the namespace is PERMISSIVE, and the database speaks first',
    break: [patch(STRICT, { spec: { mtls: { mode: 'PERMISSIVE' } } })],
    expected: ['mtls-server-first'],
    remedy: typed('mtls-server-first'),
  },
  {
    name: 'database-permissive-by-default',
    what: 'no policy applies to the database, which speaks first',
    break: [kubectl('delete', STRICT)],
    expected: ['mtls-server-first'],
    remedy: typed('mtls-server-first'),
  },
  {
    name: 'database-permissive-by-port',
    what: 'a policy of the VM makes the port of the database PERMISSIVE',
    break: [apply(istio('PeerAuthentication', 'db', { ...selected, portLevelMtls: { 3306: { mode: 'PERMISSIVE' } } }))],
    expected: ['mtls-server-first'],
    remedy: typed('mtls-server-first'),
  },
  {
    name: 'policy-for-an-unknown-port',
    what: 'a PeerAuthentication sets the mode of a port that the VM does not have',
    break: [apply(istio('PeerAuthentication', 'db', { ...selected, portLevelMtls: { 3307: { mode: 'STRICT' } } }))],
    expected: ['mtls-port'],
    remedy: person('which port is meant is known to the author of the policy'),
  },
  {
    name: 'everyone-denied',
    what: 'an AuthorizationPolicy denies every caller',
    break: [policy('nobody', {})],
    expected: ['caller-allowed'],
    remedy: person('who may call the service is a decision'),
  },
  {
    name: 'caller-not-in-list',
    what: 'an AuthorizationPolicy allows another account than the caller',
    break: [policy('backends', { action: 'ALLOW', ...from('cluster.local/ns/default/sa/backend') })],
    words: FRONTEND,
    expected: ['caller-allowed'],
    remedy: person('who may call the service is a decision'),
  },
  {
    name: 'caller-denied-by-root-namespace',
    what: 'an AuthorizationPolicy of the root namespace denies the caller',
    break: [policy('no-frontend', { action: 'DENY', ...from('cluster.local/ns/default/sa/frontend') }, SYSTEM)],
    words: FRONTEND,
    expected: ['caller-allowed'],
    remedy: person('who may call the service is a decision'),
  },
  {
    name: 'assumed-caller-denied',
    what: 'an AuthorizationPolicy allows one account, and no caller is given',
    break: [policy('backends', { action: 'ALLOW', ...from('cluster.local/ns/default/sa/backend') })],
    expected: ['caller-allowed'],
    remedy: person('who calls the service is known to its owner'),
  },
  {
    name: 'other-ports-allowed',
    what: 'an AuthorizationPolicy allows the port of the web server only',
    break: [policy('web-only', { action: 'ALLOW', rules: [{ to: [{ operation: { ports: ['8080'] } }] }] })],
    expected: ['caller-allowed'],
    remedy: person('who may call the service is a decision'),
  },
  {
    name: 'http-rule-for-a-database',
    what: 'an AuthorizationPolicy denies HTTP methods, which for a database denies everyone',
    break: [policy('read-only', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['POST'] } }] }] })],
    expected: ['caller-allowed'],
    remedy: person('who may call the service is a decision'),
  },
  {
    name: 'identity-with-scheme',
    what: 'a DENY policy names an identity with spiffe://',
    break: [policy('no-old', { action: 'DENY', ...from('spiffe://cluster.local/ns/default/sa/old') })],
    expected: ['policy-identities'],
    remedy: person('whom the policy is to stop is known to its author'),
  },
  {
    name: 'identity-of-another-trust-domain',
    what: 'a DENY policy names an identity of another trust domain',
    break: [policy('no-old', { action: 'DENY', ...from('other.example/ns/default/sa/old') })],
    expected: ['policy-identities'],
    remedy: person('whom the policy is to stop is known to its author'),
  },
  {
    name: 'service-not-exported',
    what: 'a Service is exported to its own namespace, and the caller is in another',
    break: [kubectl('annotate', 'service/web', 'networking.istio.io/exportTo=.')],
    words: FRONTEND,
    expected: ['service-visible'],
    remedy: typed('service-visible'),
  },
  {
    name: 'service-hidden-by-sidecar',
    what: "a Sidecar of the caller's namespace leaves the VM's namespace out",
    break: [apply(istio('Sidecar', 'default', { egress: [{ hosts: ['./*', 'istio-system/*'] }] }, 'default'))],
    words: FRONTEND,
    expected: ['service-visible'],
    remedy: typed('service-visible'),
    restore: ['kubectl -n default delete sidecar default --ignore-not-found'],
  },
  {
    name: 'service-hidden-by-default',
    what: 'the mesh config exports Services to their own namespace only',
    break: [meshConfig('.defaultServiceExportTo = ["."]')],
    words: FRONTEND,
    expected: ['service-visible'],
    remedy: typed('service-visible'),
  },
];
