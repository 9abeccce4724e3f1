import { known } from '../problems.ts';
import { toShell } from '../shell-words.ts';

/** What can be wrong with the agent on a VM and its files. */
export const agentProblems = {
  fileRefused: known('agent-file-refused', (d: { file: string; reason: string }) => ({
    message: `${d.file} is ignored: ${d.reason}.`,
    hint: 'Correct the file or its owner and mode; the agent reads it again by itself.',
  })),
  fileInvalid: known('agent-file-invalid', (d: { file: string; issues: readonly string[] }) => ({
    message: `${d.file} cannot be used: ${d.issues[0] ?? 'it is empty'}${d.issues.length > 1 ? ` (and ${d.issues.length - 1} more)` : ''}.`,
    hint: 'Correct the file; the agent reads it again by itself.',
    issues: d.issues,
  })),
  groupMixed: known(
    'agent-group-mixed',
    (d: { vm: string; group: string; hasAgent: boolean; other: string; others: number }) => ({
      message: `${d.vm} would be ${d.hasAgent ? 'the only VM with' : 'a VM without'} an agent in WorkloadGroup ${d.group}, in which ${d.other}${d.others > 1 ? ` and ${d.others - 1} more` : ''} ${d.others > 1 ? 'have' : 'has'} ${d.hasAgent ? 'none' : 'one'}. All VMs of a group share one probe. Nothing was changed.`,
      hint: d.hasAgent
        ? `Join it without the agent: meshx up ${toShell([d.vm])} --no-agent. Or give it a group of its own: --workload-group NAME`
        : `Give it an agent: meshx up ${toShell([d.vm])} --agent-executable FILE. Or give it a group of its own: --workload-group NAME`,
    }),
  ),
  programUnusable: known('agent-program-unusable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot become the agent of a VM: ${d.reason}. Nothing was changed.`,
    hint: 'Give the executable of meshx for the processor of the VM: --agent-executable FILE. Build one with: npm run package',
  })),
};
