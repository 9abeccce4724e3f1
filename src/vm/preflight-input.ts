import type { GenerationName } from '../mesh/generation.ts';
import type { MeshService } from '../mesh/workload.ts';

/** What the preflight compares the machine with. */
export interface PreflightInput {
  /** How the operator calls the machine, for what is said about its record. */
  readonly vm?: string;
  readonly generation: GenerationName;
  /** Where the control plane answers for a VM. Empty when nobody knows it yet. */
  readonly controlPlane: { readonly addresses: readonly string[]; readonly port: number };
  readonly services: readonly MeshService[];
  /** The operator's clock. */
  readonly now: Date;
  /** The VM's address in the mesh, when the operator says it. */
  readonly address?: string;
  /** Of the package that will be installed. */
  readonly package?: {
    readonly architecture?: string;
    readonly format?: 'deb' | 'rpm' | 'directory';
    readonly bytes?: number;
  };
}
