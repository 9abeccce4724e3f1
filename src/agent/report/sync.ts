import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MeshService } from '../../mesh/workload.ts';
import type { ServiceHealth } from '../health/health.ts';
import type { AgentSettings } from '../settings.ts';
import type { AgentAnswer } from './api-client.ts';
import type { EntryApi } from './entry-api.ts';
import { entryPatch } from './entry-patch.ts';
import { fenceReason, type Holder, type MachineIdentity } from './fence.ts';

/** What an agent wants its entry to say, and who the agent is. */
export interface SyncInput {
  readonly api: EntryApi;
  readonly settings: AgentSettings;
  readonly services: readonly ServiceHealth[];
  readonly definitions: readonly MeshService[];
  readonly identity: MachineIdentity;
  readonly holder: Holder;
  /** Whether a reason in other words may be written already. */
  readonly minorDue: boolean;
  readonly signal: AbortSignal;
}

/** How one attempt went. */
export type SyncOutcome =
  | { readonly kind: 'written'; readonly entry: KubeObject; readonly changed: readonly ServiceHealth[] }
  /** The entry says everything already; `postponed` when only words of a reason differ. */
  | { readonly kind: 'same'; readonly entry: KubeObject; readonly postponed: boolean }
  /** Someone else wrote meanwhile: try again at once. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'fenced'; readonly reason: string }
  /** istiod has not made the entry yet, or someone deleted it; `orphan` when the group is gone as well. */
  | { readonly kind: 'missing'; readonly orphan: boolean }
  /** The API server does not let this agent do it. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number };

/** Reads the entry once and brings it to the wanted state. Throws `NoAnswer`. */
export async function syncEntry(input: SyncInput): Promise<SyncOutcome> {
  const { api, settings, identity, holder, signal } = input;
  const answer = await api.readEntry(signal);
  if (answer.status === 404) return missing(api, signal);
  if (answer.status !== 200) return unwanted(answer);
  // as: a successful answer about one object is that object; what is inside is read with care.
  const entry = answer.body as unknown as KubeObject;
  const reason = fenceReason({ entry, holder, identity, machine: settings.machine });
  if (reason !== undefined) return { kind: 'fenced', reason };
  const patch = entryPatch({ ...input, entry, ports: settings.ports });
  const postponed = patch !== undefined && patch.minor && !input.minorDue;
  if (patch === undefined || postponed || settings.observe) return { kind: 'same', entry, postponed };
  const written = await api.patchEntry(entry, patch, signal);
  if (written.status === 409) return { kind: 'conflict' };
  if (written.status === 404) return missing(api, signal);
  if (written.status !== 200) return unwanted(written);
  return { kind: 'written', entry: written.body as unknown as KubeObject, changed: patch.changed };
}

async function missing(api: EntryApi, signal: AbortSignal): Promise<SyncOutcome> {
  const group = await api.readGroup(signal);
  return { kind: 'missing', orphan: group.status === 404 };
}

function unwanted({ status, message, retryAfterMs }: AgentAnswer): SyncOutcome {
  if ([401, 403, 422].includes(status)) return { kind: 'refused', reason: message };
  return { kind: 'failed', reason: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
