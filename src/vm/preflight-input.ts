import type { GenerationName } from '../mesh/generation.ts';
import type { MeshService } from '../mesh/workload.ts';

/** What the preflight compares the machine with. */
export interface PreflightInput {
  /** The operator's name for the machine, for messages about its record. */
  readonly vm?: string;
  readonly generation: GenerationName;
  /** Where VMs reach the control plane; empty if unknown. */
  readonly controlPlane: { readonly addresses: readonly string[]; readonly port: number };
  readonly services: readonly MeshService[];
  /** The operator's clock. */
  readonly now: Date;
  /** The VM's mesh address, if the operator gave it. */
  readonly address?: string;
  /** The package that will be installed. */
  readonly package?: {
    readonly architecture?: string;
    readonly format?: 'deb' | 'rpm' | 'directory';
    readonly bytes?: number;
    readonly version?: string;
  };
  /** A package will be found if the machine has no sidecar; for each machine if `always`. */
  readonly finds?: 'if-missing' | 'always';
  /** The package comes from the machine's own repositories, so these are asked. */
  readonly asksRepositories?: true;
  /** The version of istiod, if it is known. */
  readonly istiodVersion?: string;
}
