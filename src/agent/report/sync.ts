import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MeshService } from '../../mesh/workload.ts';
import type { ServiceHealth } from '../health/health.ts';
import type { AgentSettings } from '../settings.ts';
import type { AgentAnswer } from './api-client.ts';
import type { EntryApi } from './entry-api.ts';
import { type EntryPatch, entryPatch } from './entry-patch.ts';
import { type FenceFacts, fenceReason, hasLostAddress, type Holder, type MachineIdentity } from './fence.ts';

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

/** The entry after a write, and the services whose state changed by it. */
interface Written {
  readonly entry: KubeObject;
  readonly changed: EntryPatch['changed'];
}

/** How one attempt went. */
export type SyncOutcome =
  | ({ readonly kind: 'written' } & Written)
  /** The entry says everything already; `postponed` when only words of a reason differ. */
  | { readonly kind: 'same'; readonly entry: KubeObject; readonly postponed: boolean }
  /** Someone else wrote meanwhile: try again at once. */
  | { readonly kind: 'conflict' }
  /** `withdrawn`: the entry sends no one to the address that this machine lost any more. */
  | { readonly kind: 'fenced'; readonly reason: string; readonly withdrawn?: Written }
  /** istiod has not made the entry yet, or someone deleted it; `orphan` when the group is gone as well. */
  | { readonly kind: 'missing'; readonly orphan: boolean }
  /** The API server does not let this agent do it. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly isLate?: boolean; readonly retryAfterMs?: number };

/** Reads the entry once and brings it to the wanted state. Throws `NoAnswer`. */
export async function syncEntry(input: SyncInput): Promise<SyncOutcome> {
  const { api, settings, identity, holder, signal } = input;
  const answer = await api.readEntry(signal);
  if (answer.status === 404) return missing(api, signal);
  if (answer.status !== 200) return unwanted(answer);
  // as: a successful answer about one object is that object; what is inside is read with care.
  const entry = answer.body as unknown as KubeObject;
  const { machine, translated, mesh } = settings;
  const facts = { entry, holder, identity, machine, ...(translated && { translated: mesh.address }) };
  const reason = fenceReason(facts);
  if (reason !== undefined) return fenced(input, facts, reason);
  const patch = entryPatch({ ...input, entry, ports: settings.ports });
  const postponed = patch !== undefined && patch.minor && !input.minorDue;
  if (patch === undefined || postponed || settings.observe) return { kind: 'same', entry, postponed };
  const written = await api.patchEntry(entry, patch, signal);
  if (written.status === 409) return { kind: 'conflict' };
  if (written.status === 404) return missing(api, signal);
  if (written.status !== 200) return unwanted(written);
  return { kind: 'written', entry: written.body as unknown as KubeObject, changed: patch.changed };
}

/** A fenced agent writes nothing, except that its own entry must not lead to an address that another machine may have next. */
async function fenced(input: SyncInput, facts: FenceFacts, reason: string): Promise<SyncOutcome> {
  const outcome = { kind: 'fenced', reason } as const;
  if (input.settings.observe || !hasLostAddress(facts)) return outcome;
  const since = new Date(facts.holder.started);
  const services = input.services.map(({ name }) => ({ name, state: 'down' as const, since, reason }));
  const patch = entryPatch({ ...input, services, entry: facts.entry, ports: input.settings.ports });
  if (patch?.body.spec?.ports === undefined) return outcome;
  const { status, body } = await input.api.patchEntry(facts.entry, patch, input.signal);
  if (status === 409) return { kind: 'conflict' };
  if (status !== 200) return outcome;
  return { ...outcome, withdrawn: { entry: body as unknown as KubeObject, changed: patch.changed } };
}

async function missing(api: EntryApi, signal: AbortSignal): Promise<SyncOutcome> {
  const group = await api.readGroup(signal);
  return { kind: 'missing', orphan: group.status === 404 };
}

function unwanted({ status, message, retryAfterMs }: AgentAnswer): SyncOutcome {
  if ([401, 403, 422].includes(status)) return { kind: 'refused', reason: message };
  return { kind: 'failed', reason: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
