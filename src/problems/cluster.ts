import { known } from '../problems.ts';
import { toShell } from '../shell-words.ts';

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** What can be wrong between the operator and the API server. */
export const clusterProblems = {
  kubeconfigMissing: known('kubeconfig-missing', (d: { files: readonly string[] }) => ({
    message: `No kubeconfig found: looked for ${list(d.files)}.`,
    hint: 'Give one with --kubeconfig or KUBECONFIG, or use --manifests DIR for a folder of Kubernetes YAML.',
  })),
  kubeconfigInvalid: known('kubeconfig-invalid', (d: { file: string; reason: string }) => ({
    message: `The kubeconfig ${d.file} cannot be used: ${d.reason}.`,
    hint: 'Inspect it with: kubectl config view',
  })),
  contextUnusable: known('context-unusable', (d: { context: string; file: string; reason: string }) => ({
    message: `Context ${d.context} of ${d.file} cannot be used: ${d.reason}.`,
    hint: 'kubectl does not accept it either. Inspect it with: kubectl config view --minify',
  })),
  contextUnknown: known('context-unknown', (d: { context: string; known: readonly string[] }) => ({
    message:
      d.context === ''
        ? `The kubeconfig has no current context; it knows: ${list(d.known)}.`
        : `The kubeconfig has no context ${d.context}; it knows: ${list(d.known)}.`,
    hint: 'Choose one with --context.',
  })),
  contextIncomplete: known('context-incomplete', (d: { context: string; missing: string }) => ({
    message: `Context ${d.context} names ${d.missing}, which the kubeconfig does not define.`,
    hint: 'Inspect it with: kubectl config view',
  })),
  credentialsFailed: known(
    'cluster-credentials-failed',
    (d: { context: string; reason: string; hint?: string | undefined }) => ({
      message: `Cannot get the credentials of context ${d.context}: ${d.reason}.`,
      hint: d.hint ?? 'Try the same credentials with: kubectl version',
    }),
  ),
  proxyUnusable: known('proxy-unusable', (d: { from: string }) => ({
    message: `The proxy in ${d.from} cannot be used: it is not an http, https or socks5 URL.`,
    hint: `Correct ${d.from}, for example: http://proxy.example:3128`,
  })),
  unreachable: known('cluster-unreachable', (d: { cluster: string; server: string; reason: string }) => ({
    message: `The API server of ${d.cluster} (${d.server}) is unreachable: ${d.reason}.`,
    hint: 'Check the address, the VPN and the firewall, or choose another cluster with --context.',
  })),
  untrusted: known('cluster-certificate-untrusted', (d: { cluster: string; server: string; reason: string }) => ({
    message: `The certificate of the API server of ${d.cluster} (${d.server}) is not trusted: ${d.reason}.`,
    hint: 'Refresh the kubeconfig: its certificate-authority does not match this server.',
  })),
  servicesLeft: known('services-left', (d: { services: readonly string[] }) => ({
    message: `Deleted Services still exist: ${list(d.services)}. Their load balancers are not gone yet.`,
    hint: 'See what holds them with: kubectl get service -A -o jsonpath={.items[*].metadata.finalizers}; to wait longer: --timeout SECONDS',
    issues: d.services,
  })),
  timedOut: known('cluster-timed-out', (d: { cluster: string; request: string; seconds: number }) => ({
    message: `The API server of ${d.cluster} did not answer within ${d.seconds} s (${d.request}).`,
    hint: 'Try again. If it persists, check the API server with: kubectl get --raw /readyz',
  })),
  interrupted: known('cluster-request-interrupted', (d: { request: string }) => ({
    message: `Stopped while waiting for the cluster (${d.request}).`,
    hint: 'Run the same command again; it continues from the current state.',
  })),
  unauthorized: known('cluster-unauthorized', (d: { cluster: string }) => ({
    message: `The API server of ${d.cluster} does not accept these credentials (401).`,
    hint: 'Log in again, then check with: kubectl auth whoami',
  })),
  forbidden: known('cluster-forbidden', (d: { cluster: string; request: string; reason: string }) => ({
    message: `You are not allowed to ${d.request} in ${d.cluster}: ${d.reason}`,
    hint: 'Ask the cluster administrator for the roles printed by: meshx rbac',
  })),
  fieldConflict: known(
    'field-manager-conflict',
    (d: { object: string; managers: readonly string[]; fields: readonly string[] }) => ({
      message: `${d.object} has fields that ${list(d.managers)} owns: ${list(d.fields)}.`,
      hint: 'Change them where they are owned, or choose another name; meshx never takes fields over by force.',
      issues: d.fields,
    }),
  ),
  changedMeanwhile: known('object-changed-meanwhile', (d: { object: string; reason: string }) => ({
    message: `${d.object} was changed by another client in the meantime: ${d.reason}`,
    hint: 'Run the same command again; it reads the object again.',
  })),
  refused: known('cluster-refused-object', (d: { object: string; reason: string }) => ({
    message: `The API server refuses ${d.object}: ${d.reason}`,
    hint: 'Correct what it names; admission policies may log more: kubectl get events',
  })),
  namespaceMissing: known('namespace-missing', (d: { namespace: string; object: string }) => ({
    message: `Namespace ${d.namespace} does not exist, so ${d.object} cannot be created.`,
    hint: `Create it with: kubectl create namespace ${d.namespace}`,
  })),
  namespaceEnding: known('namespace-terminating', (d: { object: string }) => ({
    message: `${d.object} cannot be created: its namespace is being deleted.`,
    hint: 'Wait until the namespace is gone, then run the same command again.',
  })),
  kindNotServed: known('kind-not-served', (d: { cluster: string; apiVersion: string; kind: string }) => ({
    message: `${d.cluster} does not serve ${d.kind} (${d.apiVersion}).`,
    hint: "Install Istio's custom resource definitions; list them with: kubectl get crd | grep istio.io",
  })),
  objectMissing: known('object-missing', (d: { object: string; cluster: string }) => ({
    message: `${d.object} does not exist in ${d.cluster}.`,
    hint: 'Check the name and the namespace.',
  })),
  failed: known(
    'cluster-request-failed',
    (d: { cluster: string; request: string; status: number; reason: string }) => ({
      message: `The API server of ${d.cluster} failed (${d.status}) to ${d.request}: ${d.reason}`,
      hint: 'Try again. If it persists, check the API server with: kubectl get --raw /readyz',
    }),
  ),
  istioNotFound: known('istio-not-found', (d: { cluster: string; namespace: string; looked: readonly string[] }) => ({
    message: `No Istio found in namespace ${d.namespace} of ${d.cluster}: looked for ${list(d.looked)}.`,
    hint: 'Set the namespace with --istio-namespace, the revision with --revision, or the cluster with --context.',
  })),
  releaseUnknown: known('release-unknown', (d: { cluster: string; namespace: string }) => ({
    message: `The Istio release in namespace ${d.namespace} of ${d.cluster} cannot be determined: there is no istio-ca-ilb, citadel-ilb or istiod.`,
    hint: 'Create the load balancers with: meshx expose apply',
  })),
  factMissing: known('cluster-fact-missing', (d: { object: string; cluster: string }) => ({
    message: `${d.object} does not exist in ${d.cluster}; Istio creates it at installation.`,
    hint: 'Check --istio-namespace and --revision; see: kubectl get configmaps -n istio-system',
  })),
  factUnreadable: known('cluster-fact-unreadable', (d: { object: string; key: string; reason: string }) => ({
    message: `${d.object}, key ${d.key}, cannot be used: ${d.reason}.`,
    hint: 'Correct it; istiod reads the same text.',
  })),
  istiodNotExposed: known(
    'istiod-not-exposed',
    (d: { cluster: string; namespace: string; looked: readonly string[] }) => ({
      message: `VMs cannot reach istiod in ${d.cluster}: no Service ${d.looked.join(' or ')} of namespace ${d.namespace} is reachable from outside.`,
      hint: 'Expose it with: meshx expose apply --wait, or give the address with --istiod-address.',
    }),
  ),
  gatewayPortMissing: known(
    'gateway-port-missing',
    (d: { service: string; port: number; ports: readonly string[] }) => ({
      message: `${d.service} has no port for istiod (${d.port}); it has ${list(d.ports)}.`,
      hint: 'Expose istiod directly with: meshx expose apply --mode direct --wait, or give the address with --istiod-address HOST:PORT.',
    }),
  ),
  gatewayWithoutPods: known('gateway-without-pods', (d: { service: string }) => ({
    message: `${d.service} has no selector, so the gateway pods cannot be determined.`,
    hint: 'Expose istiod directly with: meshx expose apply --mode direct --wait',
  })),
  loadBalancerPending: known('load-balancer-pending', (d: { cluster: string; services: readonly string[] }) => ({
    message: `No address yet in ${d.cluster}: ${list(d.services)}.`,
    hint: 'Wait with: meshx expose status --wait',
    issues: d.services.map((service) => `${service} waits for a load balancer address`),
  })),
  loadBalancerMissing: known('load-balancer-missing', (d: { cluster: string; services: readonly string[] }) => ({
    message: `These load balancers do not exist in ${d.cluster}: ${list(d.services)}.`,
    hint: 'Create them with: meshx expose apply --wait',
    issues: d.services.map((service) => `${service} does not exist`),
  })),
  loadBalancerPublic: known('load-balancer-public', (d: { service: string; address: string }) => ({
    message: `${d.service} has the public address ${d.address}; the control plane must not be exposed to the internet.`,
    hint: 'Make it internal with: meshx expose apply --provider NAME',
  })),
  addressUnresolvable: known('address-unresolvable', (d: { hostname: string }) => ({
    message: `${d.hostname} has no IP address here; VM files require an IP address, not a host name.`,
    hint: 'Resolve it where the VM is and give the address with --istiod-address.',
  })),
  istiodUnusable: known('istiod-address-unusable', (d: { source: string; reasons: readonly string[] }) => ({
    message: `VMs cannot reach istiod through ${d.source}: ${list(d.reasons)}.`,
    hint: 'Correct it there, or give the address where VMs reach istiod with --istiod-address.',
    issues: d.reasons,
  })),
  controlPlaneManaged: known('control-plane-managed', (d: { cluster: string; host: string }) => ({
    message: `The control plane of ${d.cluster} is ${d.host}, which its vendor runs: it does not accept VMs with a service account token.`,
    hint: "Join VMs with the vendor's own tool, or name another control plane with --istio-namespace and --revision.",
  })),
  controlPlaneElsewhere: known('control-plane-elsewhere', (d: { cluster: string; place: string }) => ({
    message: `istiod of this mesh does not run in ${d.cluster}: its proxies reach it at ${d.place}. There is nothing to expose here.`,
    hint: 'Expose istiod in the cluster where it runs, with --context NAME; or, when it does run here, name its namespace and revision with --istio-namespace and --revision.',
  })),
  badIstiodAddress: known('bad-istiod-address', (d: { given: string; reason: string }) => ({
    message: `${JSON.stringify(d.given.slice(0, 80))} is not an istiod address: ${d.reason}.`,
    hint: 'Give the address where VMs reach istiod, for example 10.150.0.6 or 10.150.0.6:15012.',
  })),
  serviceRangeUnknown: known('service-range-unknown', (d: { cluster: string; tried: readonly string[] }) => ({
    message: `The range of cluster IPs of ${d.cluster} is unknown, and meshx does not guess it.`,
    hint: "Give it with --service-cidr, or pass the cluster's cloud name as CLUSTER.",
    issues: d.tried,
  })),
  anothersObject: known('object-of-another-owner', (d: { cluster: string; objects: readonly string[] }) => ({
    message: `Objects in ${d.cluster} belong to another owner and differ from what this run needs: ${list(d.objects)}.`,
    hint: 'Choose another name, or ask the owner to change them; meshx changes only objects that it created.',
    issues: d.objects,
  })),
  namespaceNotReady: known('namespace-not-ready', (d: { namespace: string; missing: readonly string[] }) => ({
    message: `Namespace ${d.namespace} was created, but these have not appeared in it: ${list(d.missing)}.`,
    hint: 'Check that istiod and the controller manager run, then run the same command again.',
  })),
  serviceDisagrees: known(
    'service-of-another-owner',
    (d: { service: string; cluster: string; reasons: readonly string[] }) => ({
      message: `${d.service} of ${d.cluster} belongs to another owner, and this workload cannot join it: ${d.reasons.join('; ')}.`,
      hint: "Choose another service name, or use this Service's ports and labels.",
      issues: d.reasons,
    }),
  ),
  entryBesideAutomatic: known(
    'entry-beside-automatic',
    (d: { address: string; entry: string; services: readonly string[] }) => ({
      message: `${d.address} is already an endpoint of ${list(d.services)} through ${d.entry}, which its own sidecar registered.`,
      hint: `No manual registration is needed. To remove a service from that entry: ${toShell(['meshx', 'deregister', d.services[0] ?? '', d.address])}`,
    }),
  ),
  notRegistered: known('service-not-registered', (d: { service: string; address?: string; cluster: string }) => ({
    message:
      d.address === undefined
        ? `meshx has registered nothing as ${d.service} in ${d.cluster}.`
        : `could not find ip ${d.address} in svc ${d.service} endpoints of ${d.cluster}.`,
    hint: 'Check the name, the address and the namespace (-n).',
  })),
  loadBalancerEmpty: known('load-balancer-without-endpoints', (d: { service: string }) => ({
    message: `${d.service} selects no running pod, so nothing answers behind it.`,
    hint: 'Check its selector and namespace; compare with: kubectl get pods --show-labels',
  })),
  externalIpTaken: known('external-ip-taken', (d: { address: string; node: string }) => ({
    message: `${d.address} is the address of node ${d.node}; an external IP must be free.`,
    hint: "Choose a free address of the nodes' network.",
  })),
  evictTargetUnknown: known('evict-target-unknown', (d: { target: string; namespace: string; cluster: string }) => ({
    message: `Namespace ${d.namespace} of ${d.cluster} has no WorkloadGroup ${d.target}, and no VM of a group has that name or address.`,
    hint: `List what exists with: kubectl get workloadgroups,workloadentries -n ${d.namespace}`,
  })),
  evictionUnknown: known('eviction-unknown', (d: { target: string; namespace: string; cluster: string }) => ({
    message: `Nothing named ${d.target} was evicted from namespace ${d.namespace} of ${d.cluster}.`,
    hint: `List evictions with: kubectl get authorizationpolicies -A -l meshx.dev/evicted-from=${d.namespace}`,
  })),
  evictionAltered: known('eviction-altered', (d: { policy: string; reason: string }) => ({
    message: `${d.policy} is not an eviction written by meshx: ${d.reason}. Nothing of it was applied.`,
    hint: 'Inspect it with: kubectl get authorizationpolicy -A -o yaml -l app.kubernetes.io/managed-by=meshx; delete it by hand, then join the VM with: meshx up VM',
  })),
  evictionUnkept: known('eviction-not-restorable', (d: { object: string; reason: string }) => ({
    message: `${d.object} could not be restored later: ${d.reason}. Nothing was changed.`,
    hint: 'Save it, delete it by hand, then run the same command again.',
  })),
  accountShared: known('evict-account-shared', (d: { account: string; shared: readonly string[]; target: string }) => ({
    message: `${d.target} shares service account ${d.account} with others, and a policy cannot tell them apart. Nothing was changed.`,
    hint: 'Give the others their own accounts, or block them too with: --accept-risk evict-account-shared',
    issues: d.shared,
  })),
  evictNeedsIstiod: known('evict-needs-istiod', (d: { cluster: string }) => ({
    message: `${d.cluster} predates istiod and has no policy that can deny an identity.`,
    hint: 'Remove the machine with: meshx deregister NAME IP, and block its network access.',
  })),
};
