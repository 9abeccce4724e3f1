import { known } from '../problems.ts';
import { visibleJson } from '../visible.ts';

const SHOWN = 80;

/** Text from outside for a message: shortened, and JSON-quoted so that it holds no control character. */
export function shown(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return visibleJson(cut);
}

interface Rejected {
  readonly text: string;
  /** What it should have been: "a port". */
  readonly wanted: string;
  /** The accepted form, and why this text is not it. */
  readonly form: string;
}

const rejected = (d: Rejected) => ({
  message: `${shown(d.text)} is not ${d.wanted}: ${d.form}.`,
  hint: `Give ${d.wanted}: ${d.form}.`,
});

/** Problems of names, numbers and text formats. */
export const meshProblems = {
  badName: known('bad-name', rejected),
  badLabel: known('bad-label', rejected),
  badPort: known('bad-port', rejected),
  badAddress: known('bad-address', rejected),
  badCidr: known('bad-cidr', rejected),
  badCheck: known('bad-check', rejected),
  badInput: known('bad-input', (d: { issues: readonly string[] }) => ({
    message: `${d.issues.length} invalid values in the input. Nothing was changed.`,
    hint: 'Correct each one and run the command again.',
    issues: d.issues,
  })),
  portTwice: known('port-twice', (d: { port: string; other: string }) => ({
    message: `${d.port} and ${d.other} cannot be in one service: each port needs its own name and number.`,
    hint: 'Name the port yourself, as in http-admin:8080',
  })),
  portNeverCaptured: known('port-never-captured', (d: { port: number; service: string; why: string }) => ({
    message: `Port ${d.port} of ${d.service} cannot be a mesh port: ${d.why}.`,
    hint: `Let ${d.service} listen on another port, or register it without port ${d.port}.`,
  })),
  groupContradicts: known(
    'workload-group-contradicts',
    (d: { group: string; namespace: string; issues: readonly string[] }) => ({
      message: `WorkloadGroup ${d.namespace}/${d.group} exists, and these options contradict it: ${d.issues.join('; ')}.`,
      hint: `Leave the options out, or change the group first: kubectl edit workloadgroup ${d.group} -n ${d.namespace}`,
      issues: d.issues,
    }),
  ),
  noIstiodAddress: known('istiod-address-missing', (d: { istiod: string; source: string }) => ({
    message: `meshx knows no IP address at which VMs can reach ${d.istiod} (checked: ${d.source || 'nothing'}).`,
    hint: 'Create one and wait for it: meshx expose apply --wait',
  })),
  classicAddressMissing: known('classic-address-missing', (d: { names: readonly string[] }) => ({
    message: `No address yet for ${d.names.join(', ')}; kubedns with an empty address would answer NXDOMAIN.`,
    hint: 'Wait for the internal load balancers: meshx expose status --wait',
  })),
  noServiceRange: known('service-range-missing', (d: { istioNamespace: string }) => ({
    message: `The range of cluster IPs is not known for the mesh in ${d.istioNamespace}: an empty one would capture everything or nothing.`,
    hint: 'Give it: meshx generate-cluster-env --service-cidr 10.63.240.0/20',
  })),
  unsafeValue: known('env-value-unsafe', (d: { key: string; value: string; why: string }) => ({
    message: `${d.key}=${shown(d.value)} cannot be written: ${d.why}.`,
    hint: `Give ${d.key} a value of printable characters on one line.`,
  })),
  badProxyConfig: known('proxy-config-unreadable', (d: { namespace: string; group: string; reason: string }) => ({
    message: `The annotation proxy.istio.io/config of WorkloadGroup ${d.namespace}/${d.group} cannot be read: ${d.reason}.`,
    hint: `Correct it: kubectl -n ${d.namespace} edit workloadgroup ${d.group}`,
  })),
  portsUnknown: known('registered-ports-unknown', (d: { group: string; service: string }) => ({
    message: `WorkloadGroup ${d.group} has ${d.service}, but neither the group nor a Service lists its ports.`,
    hint: `Register it again with its ports, or remove it: meshx deregister ${d.service}`,
  })),
  notAGroup: known('workload-group-unreadable', (d: { group: string; reason: string }) => ({
    message: `WorkloadGroup ${d.group} cannot be read: ${d.reason}.`,
    hint: `Inspect it with: kubectl get workloadgroup ${d.group} -o yaml`,
  })),
  selectorTaken: known('service-has-selector', (d: { service: string }) => ({
    message: `Service ${d.service} selects pods, so Kubernetes overwrites any endpoint added to it.`,
    hint: 'Register the VM under another name.',
  })),
  foreignPorts: known('foreign-service-ports', (d: { service: string; ports: readonly string[] }) => ({
    message: `${d.service} belongs to another owner and has no port for ${d.ports.join(', ')}; meshx does not change it.`,
    hint: 'Add the ports to the Service yourself, or register under another name.',
  })),
  addressNotRegistered: known('address-not-registered', (d: { service: string; address: string }) => ({
    message: `could not find ip ${d.address} in svc ${d.service} endpoints`,
    hint: `See what is registered: kubectl get endpoints ${d.service}`,
  })),
};
