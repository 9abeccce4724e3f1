import { known } from '../problems.ts';

/** What can stop a status before anything is shown. */
export const statusProblems = {
  vmUnknown: known('status-vm-unknown', (d: { vms: readonly string[]; cluster: string }) => ({
    message: `${d.cluster} has no WorkloadGroup, WorkloadEntry or address of this name: ${d.vms.join(', ')}.`,
    hint: 'See the names and addresses of all VMs: meshx status',
  })),
};
