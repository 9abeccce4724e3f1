import { known } from '../problems.ts';

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** What can be wrong between the operator and the API server. */
export const clusterProblems = {
  kubeconfigMissing: known('kubeconfig-missing', (d: { files: readonly string[] }) => ({
    message: `There is no kubeconfig: looked for ${list(d.files)}.`,
    hint: 'Name one with --kubeconfig or KUBECONFIG, or use --manifests DIR for a folder of Kubernetes YAML.',
  })),
  kubeconfigInvalid: known('kubeconfig-invalid', (d: { file: string; reason: string }) => ({
    message: `The kubeconfig ${d.file} cannot be used: ${d.reason}.`,
    hint: 'Look at it with: kubectl config view',
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
    hint: 'Look at it with: kubectl config view',
  })),
  credentialsFailed: known(
    'cluster-credentials-failed',
    (d: { context: string; reason: string; hint?: string | undefined }) => ({
      message: `Cannot get the credentials of context ${d.context}: ${d.reason}.`,
      hint: d.hint ?? 'Try the same credentials with: kubectl version',
    }),
  ),
  proxyUnusable: known('proxy-unusable', (d: { from: string }) => ({
    message: `The proxy that ${d.from} names cannot be used: it is not an address with http, https or socks5.`,
    hint: `Correct ${d.from}, as in: http://proxy.example:3128`,
  })),
  unreachable: known('cluster-unreachable', (d: { cluster: string; server: string; reason: string }) => ({
    message: `The API server of ${d.cluster} (${d.server}) cannot be reached: ${d.reason}.`,
    hint: 'Check the address, the VPN and the firewall, or choose another cluster with --context.',
  })),
  untrusted: known('cluster-certificate-untrusted', (d: { cluster: string; server: string; reason: string }) => ({
    message: `The certificate of the API server of ${d.cluster} (${d.server}) is not trusted: ${d.reason}.`,
    hint: 'Renew the kubeconfig: its certificate-authority does not fit this server.',
  })),
  servicesLeft: known('services-left', (d: { services: readonly string[] }) => ({
    message: `Deleted Services are still there: ${list(d.services)}. Their load balancers are not gone yet.`,
    hint: 'See what holds them with: kubectl get service -A -o jsonpath={.items[*].metadata.finalizers}; wait longer with --timeout.',
    issues: d.services,
  })),
  timedOut: known('cluster-timed-out', (d: { cluster: string; request: string; seconds: number }) => ({
    message: `The API server of ${d.cluster} did not answer within ${d.seconds} s (${d.request}).`,
    hint: 'Try again; if it stays so, look at the API server with: kubectl get --raw /readyz',
  })),
  interrupted: known('cluster-request-interrupted', (d: { request: string }) => ({
    message: `Stopped while waiting for the cluster (${d.request}).`,
    hint: 'Run the same command again: it goes on from what is there.',
  })),
  unauthorized: known('cluster-unauthorized', (d: { cluster: string }) => ({
    message: `The API server of ${d.cluster} does not accept these credentials (401).`,
    hint: 'Log in again, then try: kubectl auth whoami',
  })),
  forbidden: known('cluster-forbidden', (d: { cluster: string; request: string; reason: string }) => ({
    message: `You may not ${d.request} in ${d.cluster}: ${d.reason}`,
    hint: 'Ask the cluster administrator for the rights that each command needs, as roles: meshx rbac',
  })),
  fieldConflict: known(
    'field-manager-conflict',
    (d: { object: string; managers: readonly string[]; fields: readonly string[] }) => ({
      message: `${d.object} has fields that ${list(d.managers)} owns: ${list(d.fields)}.`,
      hint: 'Change them where they are owned, or choose another name; meshx never takes fields by force.',
      issues: d.fields,
    }),
  ),
  changedMeanwhile: known('object-changed-meanwhile', (d: { object: string; reason: string }) => ({
    message: `${d.object} was changed by somebody else in the meantime: ${d.reason}`,
    hint: 'Run the same command again: it looks at the object anew.',
  })),
  refused: known('cluster-refused-object', (d: { object: string; reason: string }) => ({
    message: `The API server refuses ${d.object}: ${d.reason}`,
    hint: 'Correct what it names; an admission policy of the cluster may say more: kubectl get events',
  })),
  namespaceMissing: known('namespace-missing', (d: { namespace: string; object: string }) => ({
    message: `Namespace ${d.namespace} does not exist, so ${d.object} cannot be made.`,
    hint: `Create it with: kubectl create namespace ${d.namespace}`,
  })),
  namespaceEnding: known('namespace-terminating', (d: { object: string }) => ({
    message: `${d.object} cannot be made: its namespace is being deleted.`,
    hint: 'Wait until the namespace is gone, then run the same command again.',
  })),
  kindNotServed: known('kind-not-served', (d: { cluster: string; apiVersion: string; kind: string }) => ({
    message: `${d.cluster} knows no ${d.kind} of ${d.apiVersion}.`,
    hint: 'Install the custom resource definitions of Istio; see them with: kubectl get crd | grep istio.io',
  })),
  objectMissing: known('object-missing', (d: { object: string; cluster: string }) => ({
    message: `${d.object} is not in ${d.cluster}.`,
    hint: 'Check the name and the namespace.',
  })),
  failed: known(
    'cluster-request-failed',
    (d: { cluster: string; request: string; status: number; reason: string }) => ({
      message: `The API server of ${d.cluster} failed (${d.status}) to ${d.request}: ${d.reason}`,
      hint: 'Try again; if it stays so, look at the API server with: kubectl get --raw /readyz',
    }),
  ),
  istioNotFound: known('istio-not-found', (d: { cluster: string; namespace: string; looked: readonly string[] }) => ({
    message: `There is no Istio in namespace ${d.namespace} of ${d.cluster}: looked for ${list(d.looked)}.`,
    hint: 'Name the namespace with --istio-namespace, the revision with --revision, the cluster with --context.',
  })),
  releaseUnknown: known('release-unknown', (d: { cluster: string; namespace: string }) => ({
    message: `The release of Istio in namespace ${d.namespace} of ${d.cluster} cannot be told: there is no istio-ca-ilb, no citadel-ilb and no istiod.`,
    hint: 'Make the load balancers with: meshx expose apply',
  })),
  factMissing: known('cluster-fact-missing', (d: { object: string; cluster: string }) => ({
    message: `${d.object} is not in ${d.cluster}; Istio writes it at installation.`,
    hint: 'Check --istio-namespace and --revision; see: kubectl get configmaps -n istio-system',
  })),
  factUnreadable: known('cluster-fact-unreadable', (d: { object: string; key: string; reason: string }) => ({
    message: `${d.object}, key ${d.key}, cannot be used: ${d.reason}.`,
    hint: 'Correct it; istiod reads the same text.',
  })),
  istiodNotExposed: known(
    'istiod-not-exposed',
    (d: { cluster: string; namespace: string; looked: readonly string[] }) => ({
      message: `VMs have no way to istiod in ${d.cluster}: no Service ${d.looked.join(' or ')} of namespace ${d.namespace} is reachable from outside.`,
      hint: 'Make one with: meshx expose apply --wait, or give the address with --istiod-address.',
    }),
  ),
  gatewayPortMissing: known(
    'gateway-port-missing',
    (d: { service: string; port: number; ports: readonly string[] }) => ({
      message: `${d.service} has no port for istiod (${d.port}); it has ${list(d.ports)}.`,
      hint: 'Lead VMs straight to istiod with: meshx expose apply --mode direct --wait, or give the address with --istiod-address HOST:PORT.',
    }),
  ),
  gatewayWithoutPods: known('gateway-without-pods', (d: { service: string }) => ({
    message: `${d.service} selects no pods by labels, so it is unknown which pods are the gateway.`,
    hint: 'Lead VMs straight to istiod with: meshx expose apply --mode direct --wait',
  })),
  loadBalancerPending: known('load-balancer-pending', (d: { cluster: string; services: readonly string[] }) => ({
    message: `No address yet in ${d.cluster}: ${list(d.services)}.`,
    hint: 'Wait with: meshx expose status --wait',
    issues: d.services.map((service) => `${service} waits for a load balancer address`),
  })),
  loadBalancerMissing: known('load-balancer-missing', (d: { cluster: string; services: readonly string[] }) => ({
    message: `These load balancers do not exist in ${d.cluster}: ${list(d.services)}.`,
    hint: 'Make them with: meshx expose apply --wait',
    issues: d.services.map((service) => `${service} does not exist`),
  })),
  loadBalancerPublic: known('load-balancer-public', (d: { service: string; address: string }) => ({
    message: `${d.service} has the public address ${d.address}; the control plane must not be open to the internet.`,
    hint: 'Make it internal with: meshx expose apply --provider NAME',
  })),
  addressUnresolvable: known('address-unresolvable', (d: { hostname: string }) => ({
    message: `${d.hostname} has no IP address here; VMs need one, a host name is a syntax error in their files.`,
    hint: 'Resolve it where the VM is and give the address with --istiod-address.',
  })),
  istiodUnusable: known('istiod-address-unusable', (d: { source: string; reasons: readonly string[] }) => ({
    message: `No VM can reach istiod by ${d.source}: ${list(d.reasons)}.`,
    hint: 'Correct it there, or give the address under which VMs reach istiod with --istiod-address.',
    issues: d.reasons,
  })),
  controlPlaneManaged: known('control-plane-managed', (d: { cluster: string; host: string }) => ({
    message: `The control plane of ${d.cluster} is ${d.host}, which its vendor runs: it does not admit VMs by a service account's token.`,
    hint: "Join VMs with the vendor's own tool, or name another control plane with --istio-namespace and --revision.",
  })),
  controlPlaneElsewhere: known('control-plane-elsewhere', (d: { cluster: string; place: string }) => ({
    message: `istiod of this mesh does not run in ${d.cluster}: its proxies reach it at ${d.place}. There is nothing to expose here.`,
    hint: 'Expose istiod in the cluster where it runs, with --context NAME; or, when it does run here, name its namespace and revision with --istio-namespace and --revision.',
  })),
  badIstiodAddress: known('bad-istiod-address', (d: { given: string; reason: string }) => ({
    message: `${JSON.stringify(d.given.slice(0, 80))} is not the address of an istiod: ${d.reason}.`,
    hint: 'Give the address under which VMs reach istiod, as 10.150.0.6 or 10.150.0.6:15012.',
  })),
  serviceRangeUnknown: known('service-range-unknown', (d: { cluster: string; tried: readonly string[] }) => ({
    message: `The range of cluster IPs of ${d.cluster} is unknown; nothing is guessed.`,
    hint: 'Give it with --service-cidr, or the name of the cluster at its cloud as CLUSTER.',
    issues: d.tried,
  })),
  anothersObject: known('object-of-another-owner', (d: { cluster: string; objects: readonly string[] }) => ({
    message: `Objects in ${d.cluster} belong to another owner and are not as wanted: ${list(d.objects)}.`,
    hint: 'Choose another name, or have the owner change them; meshx changes only what it made.',
    issues: d.objects,
  })),
  namespaceNotReady: known('namespace-not-ready', (d: { namespace: string; missing: readonly string[] }) => ({
    message: `Namespace ${d.namespace} was made, but these have not appeared in it: ${list(d.missing)}.`,
    hint: 'Check that istiod and the controller manager run, then run the same command again.',
  })),
  serviceDisagrees: known(
    'service-of-another-owner',
    (d: { service: string; cluster: string; reasons: readonly string[] }) => ({
      message: `${d.service} of ${d.cluster} belongs to another owner, and this workload cannot join it: ${d.reasons.join('; ')}.`,
      hint: 'Choose another service name, or give the ports and labels that this Service has.',
      issues: d.reasons,
    }),
  ),
  entryBesideAutomatic: known(
    'entry-beside-automatic',
    (d: { address: string; entry: string; services: readonly string[] }) => ({
      message: `${d.address} is already an endpoint of ${list(d.services)} by ${d.entry}, which its own sidecar keeps.`,
      hint: 'Nothing needs to be registered by hand; take the service off that entry with: meshx deregister NAME IP',
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
    message: `${d.service} selects no running pod: nothing answers behind it.`,
    hint: 'Check its selector and namespace; compare with: kubectl get pods --show-labels',
  })),
  externalIpTaken: known('external-ip-taken', (d: { address: string; node: string }) => ({
    message: `${d.address} is the address of node ${d.node}; an external IP must be free.`,
    hint: "Choose a free address of the nodes' network.",
  })),
  evictTargetUnknown: known('evict-target-unknown', (d: { target: string; namespace: string; cluster: string }) => ({
    message: `Namespace ${d.namespace} of ${d.cluster} has no WorkloadGroup ${d.target}, and no VM of a group has that name or address.`,
    hint: `See what is there with: kubectl get workloadgroups,workloadentries -n ${d.namespace}`,
  })),
  evictionUnknown: known('eviction-unknown', (d: { target: string; namespace: string; cluster: string }) => ({
    message: `Nothing named ${d.target} was evicted from namespace ${d.namespace} of ${d.cluster}.`,
    hint: `See what was with: kubectl get authorizationpolicies -A -l meshx.dev/evicted-from=${d.namespace}`,
  })),
  evictionAltered: known('eviction-altered', (d: { policy: string; reason: string }) => ({
    message: `${d.policy} does not hold what an eviction by meshx wrote: ${d.reason}. Nothing of it was applied.`,
    hint: 'Inspect it with: kubectl get authorizationpolicy -A -o yaml -l app.kubernetes.io/managed-by=meshx; delete it by hand, then join the VM with: meshx up VM',
  })),
  evictionUnkept: known('eviction-not-restorable', (d: { object: string; reason: string }) => ({
    message: `${d.object} could not be restored later: ${d.reason}. Nothing was changed.`,
    hint: 'Save it, delete it by hand, then run the same command again.',
  })),
  accountShared: known('evict-account-shared', (d: { account: string; shared: readonly string[]; target: string }) => ({
    message: `${d.target} shares service account ${d.account} with others, and a policy cannot tell them apart. Nothing was changed.`,
    hint: 'Give the others an account of their own, or keep them out too with: --accept-risk evict-account-shared',
    issues: d.shared,
  })),
  evictNeedsIstiod: known('evict-needs-istiod', (d: { cluster: string }) => ({
    message: `${d.cluster} is of the generation before istiod: it has no policy that denies an identity.`,
    hint: 'Take the machine out with: meshx deregister NAME IP, and close its way to the network.',
  })),
};
