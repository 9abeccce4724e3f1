import type { KubeObject } from '../../mesh/kube-object.ts';
import type { Inspection } from '../../vm/inspect.ts';
import { valueOf } from '../../vm/key-values.ts';
import type { VmPicture } from '../../vm/picture/picture.ts';
import type { Answers } from '../../vm/preflight/probe.ts';
import type { Check, Seen } from '../check.ts';

/** A service as the agent on the VM judges it. */
interface JudgedService {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/** What the agent on the VM says of itself. */
export interface AgentState {
  readonly mode: string;
  /** Why it reports in this way. */
  readonly reason?: string;
  /** When its token for the API server ends. */
  readonly tokenExpires?: string;
  readonly services: readonly JudgedService[];
  readonly deviations: readonly string[];
  /** Files that cannot be used, each with its first issue. */
  readonly invalidFiles: readonly string[];
}

/** What is known of one VM, from itself and from the cluster. */
export interface VmFacts extends Required<VmPicture> {
  /** The operator's name for it. */
  readonly vm: string;
  /** A command line that runs a program as root on it. */
  readonly ssh: (...words: readonly string[]) => string;
  /** A command line of meshx about it: `meshx rejoin db1 -n vm`. */
  readonly meshx: (...words: readonly string[]) => string;
  /** The operator's clock when the VM answered. */
  readonly now: Date;
  /** Answers of the preflight's script. */
  readonly machine: Answers;
  readonly inspection: Inspection;
  /** Whether meshx set it up. */
  readonly isJoined: boolean;
  /** null where no agent is installed, or it gave no answer that can be read. */
  readonly agentState: AgentState | null;
  /** Its entries and groups in the cluster. */
  readonly entries: readonly KubeObject[];
  readonly groups: readonly KubeObject[];
  /** The ConfigMap of the mesh's roots. */
  readonly controlRoots: KubeObject | null;
  /** `1.29.1`; null where its image names none. */
  readonly istiodVersion: string | null;
  /** Some clients of the mesh come through ztunnel. */
  readonly isAmbient: boolean;
  /** False for a folder of manifests. */
  readonly isLive: boolean;
}

/** What every finding names. */
export const SUBJECT = ['vm', 'ssh', 'meshx'] as const;

export type VmCheck = Check<VmFacts>;

/** Whether an operator turned capture off, which also stops the sidecar and its start at boot: one finding says so. */
export function isBypassed({ capture }: Pick<VmFacts, 'capture'>): boolean {
  return valueOf(capture, 'bypassed') !== undefined;
}

/** What is wrong with a VM, and what to do. */
export function wrongOn(
  { vm }: Pick<VmFacts, 'vm'>,
  detail: string,
  { hint, severity, repair }: Pick<Seen, 'hint' | 'severity' | 'repair'> = {},
): Seen {
  return {
    ...{ ok: false, object: `VM ${vm}`, detail: `${vm}: ${detail}` },
    ...(hint !== undefined && { hint }),
    ...(severity && { severity }),
    ...(repair && { repair }),
  };
}
