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
export function fenceReason({ entry, holder, identity, machine }: FenceFacts): string | undefined {
  if (identity.machine !== machine) return 'this machine is a copy of the one that was joined: its machine id differs';
  const address = text(mapping(entry['spec'])['address']) ?? '';
  if (!identity.addresses.includes(address))
    return `the entry has the address ${address}, which this machine does not have`;
  const { annotations = {} } = entry.metadata;
  return heldByAnother(parseHolder(annotations[HOLDER_ANNOTATION]), holder);
}

/** ISO times of one form compare as text. */
function heldByAnother(found: Holder | undefined, own: Holder): string | undefined {
  if (found === undefined) return undefined;
  if (found.generation > own.generation) return `an agent of generation ${found.generation} reports for this entry`;
  const isNewer = found.generation === own.generation && found.boot !== own.boot && found.started > own.started;
  return isNewer ? `an agent that started later, at ${found.started}, reports for this entry` : undefined;
}
