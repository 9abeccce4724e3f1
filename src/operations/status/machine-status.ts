import type { Problem } from '../../problems.ts';

/** What was read on a VM, or why nothing was. */
export type MachineReading = { readonly found: object } | { readonly problem: Problem };
