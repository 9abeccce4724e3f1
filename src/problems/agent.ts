import { known } from '../problems.ts';

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
  programUnusable: known('agent-program-unusable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot become the agent of a VM: ${d.reason}. Nothing was changed.`,
    hint: 'Give the executable of meshx for the processor of the VM: --agent-executable FILE. Build one with: npm run package',
  })),
};
