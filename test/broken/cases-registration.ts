import { apply, type BrokenCase, istio, kubectl, patch, patchStatus, person, SYSTEM, typed } from './case.ts';
import { ENTRY, IP, NAMESPACE, VM } from './mesh.ts';

const GROUP = `workloadgroup/${VM}`;
const OF_VM = `workloadentry/${ENTRY}`;
const note = (annotations: object): string => patch(OF_VM, { metadata: { annotations } });
const entry = (name: string, spec: object): string => apply(istio('WorkloadEntry', name, spec));
const RESTARTED = { lab: 'istiod-starts' } as const;
const STOPPED = { lab: 'istiod-stops' } as const;
const ROOTS = 'configmap/istio-ca-root-cert';
/** A certificate that ends in so many days, in the place of the mesh's root or behind it. */
const root = (days: number, how: string): string =>
  `openssl req -x509 -newkey rsa:2048 -nodes -days ${days} -subj /O=cluster.local -keyout /dev/null -out other-root.pem 2>/dev/null && ` +
  `kubectl -n ${SYSTEM} get ${ROOTS} -o json | jq --rawfile other other-root.pem '.data["root-cert.pem"] ${how} $other' | kubectl replace -f -`;
const both = `kubectl -n ${SYSTEM} get ${ROOTS} -o json | jq '.metadata = {name: .metadata.name, namespace: "${NAMESPACE}"}' | kubectl replace -f -`;

/** Roots, accounts, groups and entries. */
export const REGISTRATION_CASES: readonly BrokenCase[] = [
  {
    name: 'root-ends-soon',
    what: "the mesh's root ends in 30 days",
    break: [STOPPED, root(30, '='), both],
    expected: ['root-end', 'root-of-istiod'],
    remedy: person('a rotation needs a plan, because every VM must trust both roots for a while'),
    restore: [RESTARTED],
  },
  {
    name: 'two-roots',
    what: 'the mesh trusts two roots',
    break: [STOPPED, root(3000, '+='), both],
    expected: ['root-single'],
    remedy: person('a rotation ends when every VM has been on'),
    restore: [RESTARTED],
  },
  {
    name: 'root-of-another-istiod',
    what: 'the webhook of istiod has another root than the ConfigMap that VMs get',
    break: [
      `openssl req -x509 -newkey rsa:2048 -nodes -days 3000 -subj /O=cluster.local -keyout /dev/null -out other-root.pem 2>/dev/null && kubectl get mutatingwebhookconfiguration istio-sidecar-injector -o json | jq --rawfile other other-root.pem '.webhooks[].clientConfig.caBundle = ($other | @base64)' | kubectl replace -f -`,
    ],
    expected: ['root-of-istiod'],
    remedy: person('which of the two roots is right is known to the owner of the CA'),
  },
  {
    name: 'namespace-without-roots',
    what: "the VM's namespace has no ConfigMap of roots, as istiod has not written it",
    break: [STOPPED, kubectl('delete', ROOTS)],
    expected: ['root-namespace'],
    remedy: typed('root-namespace', { then: [RESTARTED] }),
    restore: [RESTARTED],
  },
  {
    name: 'namespace-does-not-exist',
    what: 'the namespace of the VMs does not exist',
    break: [],
    words: ['-n', 'nowhere'],
    expected: ['vm-namespace'],
    remedy: typed('vm-namespace'),
    // The lab has no controller that ends a namespace.
    restore: [
      'kubectl get namespace nowhere -o json | jq "del(.spec.finalizers)" | kubectl replace --raw /api/v1/namespaces/nowhere/finalize -f -',
    ],
  },
  {
    name: 'sidecar-off',
    what: 'the sidecar of the VM is stopped, and its entry is gone',
    break: [`ssh ${VM} systemctl stop istio meshx-agent`],
    expected: ['vm-registered'],
    remedy: person('the VM may be off on purpose'),
    restore: [`ssh ${VM} systemctl start istio meshx-agent`],
  },
  {
    name: 'group-gone',
    what: 'the WorkloadGroup of the VM is deleted',
    break: [kubectl('delete', GROUP)],
    expected: ['entry-group'],
    remedy: typed('entry-group'),
  },
  {
    name: 'entry-disconnected',
    what: 'the entry says that its sidecar lost istiod',
    break: [note({ 'istio.io/disconnectedAt': '2026-11-30T10:00:00.000000000Z' })],
    expected: ['entry-connected'],
    remedy: person('the sidecar on the VM says why'),
  },
  {
    name: 'entry-of-a-former-istiod',
    what: 'the istiod that held the connection of the VM is gone',
    break: [note({ 'istio.io/workloadController': 'istiod-7f9c-gone' })],
    expected: ['entry-connected'],
    remedy: person('the sidecar on the VM says why'),
  },
  {
    name: 'vm-unhealthy',
    what: 'the VM has reported to istiod that it is not healthy',
    break: [patchStatus(OF_VM, { conditions: [{ type: 'Healthy', status: 'False', message: 'connection refused' }] })],
    expected: ['entry-health'],
    remedy: person('the message of the probe says what does not answer'),
  },
  {
    name: 'vm-drained',
    what: 'a service of the VM is drained',
    break: [`meshx drain ${VM} web`],
    expected: ['entry-rotation'],
    remedy: typed('entry-rotation'),
    restore: [`meshx undrain ${VM} web`],
  },
  {
    name: 'address-twice',
    what: 'another entry has the address of the VM',
    break: [entry('old-vm', { address: IP, labels: { app: 'old', version: 'v1' } })],
    expected: ['entry-address'],
    remedy: typed('entry-address'),
  },
  {
    name: 'address-twice-first-by-name',
    what: "another entry, whose name comes before the VM's, has its address",
    break: [entry('an-old-vm', { address: IP, labels: { app: 'old', version: 'v1' } })],
    expected: ['entry-address'],
    remedy: typed('entry-address'),
  },
  {
    name: 'other-network',
    what: 'the entry is in a network without a gateway',
    break: [patch(OF_VM, { spec: { network: 'vms' } })],
    expected: ['entry-network'],
    remedy: typed('entry-network'),
  },
  {
    name: 'network-label-contradicts',
    what: 'the label of the entry names another network than its spec',
    given: [
      `kubectl label namespace ${SYSTEM} topology.istio.io/network=vms`,
      patch(OF_VM, { spec: { network: 'vms' } }),
    ],
    break: [kubectl('label', OF_VM, 'topology.istio.io/network=pods')],
    expected: ['entry-network'],
    remedy: typed('entry-network'),
  },
  {
    name: 'network-of-group-missing',
    what: 'the entry lacks the network of its group',
    given: [`kubectl label namespace ${SYSTEM} topology.istio.io/network=vms`],
    break: [patch(GROUP, { spec: { template: { network: 'vms' } } })],
    expected: ['entry-network'],
    remedy: typed('entry-network'),
  },
  {
    name: 'labels-drifted',
    what: 'the group has a label that its entry lacks',
    break: [patch(GROUP, { spec: { metadata: { labels: { tier: 'back' } } } })],
    expected: ['entry-drift'],
    remedy: typed('entry-drift'),
  },
  {
    name: 'account-drifted',
    what: 'the entry has another account than its group',
    break: [patch(OF_VM, { spec: { serviceAccount: 'default' } })],
    expected: ['entry-drift'],
    remedy: person('the account changes with a new entry: the sidecar must be off for 30 s'),
  },
];

/** The last one: the agent keeps its token of the former account, which the API server refuses. */
export const LAST_CASES: readonly BrokenCase[] = [
  {
    name: 'account-gone',
    what: 'the service account of the VM is deleted',
    break: [kubectl('delete', 'serviceaccount', VM)],
    expected: ['service-accounts'],
    remedy: typed('service-accounts', { command: 'all' }),
  },
];
