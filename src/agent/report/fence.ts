import { tryJson } from '../../documents/json.ts';
import { HOLDER_ANNOTATION } from '../../mesh/current/agent-annotations.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';

/** Which agent writes an entry. The policy in the cluster knows exactly this form. */
export interface Holder {
  readonly generation: number;
  /** Of the machine's boot: 36 characters. */
  readonly boot: string;
  /** When the agent first reached the API server, in ISO 8601. */
  readonly started: string;
}

/** The machine as it is now. */
export interface MachineIdentity {
  /** `machineDigest` of its /etc/machine-id. */
  readonly machine: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
  /** All addresses of its interfaces. */
  readonly addresses: readonly string[];
}

/** What decides whether an agent may write. */
export interface FenceFacts {
  readonly entry: KubeObject;
  readonly holder: Holder;
  readonly identity: MachineIdentity;
  /** `machineDigest` of the machine that was joined. */
  readonly machine: string;
  /** The address that leads to this machine although none of its interfaces has it. */
  readonly translated?: string;
}

const FORM = /^\{"generation":[0-9]{1,9},"boot":"[0-9a-f-]{36}","started":"[0-9TZ:.-]{20,30}"\}$/;

/** The holder in an annotation; undefined for any text that formatHolder does not write. */
export function parseHolder(annotation: string | undefined): Holder | undefined {
  if (annotation === undefined || !FORM.test(annotation)) return undefined;
  const { generation, boot, started } = mapping(tryJson(annotation));
  return { generation: Number(generation), boot: String(boot), started: String(started) };
}

/** One line of JSON, which parseHolder reads back. */
export function formatHolder({ generation, boot, started }: Holder): string {
  return JSON.stringify({ generation, boot, started });
}

/** Why this agent must not write to the entry; undefined when it may. Pure. */
export function fenceReason(facts: FenceFacts): string | undefined {
  const { entry, holder, identity, machine } = facts;
  if (identity.machine !== machine) return 'this machine is a copy of the one that was joined: its machine id differs';
  if (!hasAddress(facts)) return `the entry has the address ${addressOf(entry)}, which this machine does not have`;
  return heldByAnother(holderOf(entry), holder);
}

/**
 * Whether the entry is this agent's own, and the machine lost its address: what has the address next must get none of its
 * requests. Pure.
 */
export function hasLostAddress(facts: FenceFacts): boolean {
  const { entry, holder, identity, machine } = facts;
  const found = holderOf(entry);
  const isOwn = found?.generation === holder.generation && found.boot === holder.boot;
  return identity.machine === machine && isOwn && !hasAddress(facts);
}

function hasAddress({ entry, identity, translated }: FenceFacts): boolean {
  const address = addressOf(entry);
  return identity.addresses.includes(address) || (address !== '' && address === translated);
}

function addressOf(entry: KubeObject): string {
  return text(mapping(entry['spec'])['address']) ?? '';
}

function holderOf({ metadata: { annotations = {} } }: KubeObject): Holder | undefined {
  return parseHolder(annotations[HOLDER_ANNOTATION]);
}

/** ISO times of one form compare as text. */
function heldByAnother(found: Holder | undefined, own: Holder): string | undefined {
  if (found === undefined) return undefined;
  if (found.generation > own.generation) return `an agent of generation ${found.generation} reports for this entry`;
  const isNewer = found.generation === own.generation && found.boot !== own.boot && found.started > own.started;
  return isNewer ? `an agent that started later, at ${found.started}, reports for this entry` : undefined;
}
