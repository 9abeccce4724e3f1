import { known } from '../problems.ts';

/** What can stop a check of a mesh before anything is judged. */
export const checkProblems = {
  needsIstiod: known('check-needs-istiod', (d: { cluster: string; namespace: string }) => ({
    message: `The control plane in namespace ${d.namespace} of ${d.cluster} predates istiod, and meshx check judges meshes of istiod only.`,
    hint: 'See how its VMs reach it: meshx expose status',
  })),
  vmUnknown: known(
    'check-vm-unknown',
    (d: { vms: readonly string[]; cluster: string; namespaces: readonly string[] }) => ({
      message: `No WorkloadGroup or WorkloadEntry ${d.namespaces.length === 0 ? `of ${d.cluster}` : `in namespace ${d.namespaces.join(', ')} of ${d.cluster}`} belongs to: ${d.vms.join(', ')}.`,
      hint: 'Give the name of its WorkloadGroup or its address in the mesh, and its namespace with -n; see both with: kubectl get workloadgroups,workloadentries -A',
    }),
  ),
};
