import { known } from '../problems.ts';

/** What stops a verification before anything is sent. */
export const verifyProblems = {
  serviceUnknown: known('verify-service-unknown', (d: { service: string; cluster: string; reason: string }) => ({
    message: `Service ${d.service} of ${d.cluster} cannot be verified: ${d.reason}.`,
    hint: 'Give the name of an existing Service, and its namespace with -n; list them with: kubectl get services -A',
  })),
  podUnknown: known('verify-pod-unknown', (d: { pod: string; namespace: string; cluster: string }) => ({
    message: `Namespace ${d.namespace} of ${d.cluster} has no running pod with a sidecar ${d.pod === '' ? 'that could send a request' : `named ${d.pod}, or labelled app=${d.pod}`}.`,
    hint: 'Name one with --from pod:NAME.NAMESPACE; list them with: kubectl get pods -A',
  })),
  vmUnknown: known('verify-vm-unknown', (d: { vm: string; group: string; cluster: string }) => ({
    message: `${d.vm} is not a VM of ${d.cluster}: WorkloadGroup ${d.group} does not exist, or the VM has no address in the mesh.`,
    hint: `Name the cluster with --context, or join the VM: meshx up ${d.vm}`,
  })),
};
