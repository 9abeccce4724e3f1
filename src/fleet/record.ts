import * as z from 'zod';
import { tryJson } from '../documents/json.ts';
import { MOST_HOSTS } from './host-range.ts';
import { HOST_NAME } from './schema.ts';

/** Everyone who may write the Lease chooses the names in it, and hints repeat them in commands. */
const NameSchema = z.string().regex(HOST_NAME);

/** A VM that the fleet has joined, or begun to join. */
const MemberSchema = z.strictObject({
  /** What SSH connects to, if it is not the name. */
  address: z.string().max(255).optional(),
  namespace: z.string().max(63).optional(),
  group: z.string().max(63).optional(),
  /** Its address in the mesh. */
  ip: z.string().max(45).optional(),
});

/** `waiting`: not begun. `skipped`: not begun, and the run has ended. */
const WordSchema = z.enum(['waiting', 'running', 'unchanged', 'changed', 'failed', 'skipped']);

const RunSchema = z.strictObject({
  command: z.string().max(40),
  who: z.string().max(300),
  /** Hash of the plan. */
  plan: z.string().max(64),
  /** ISO 8601. Without an end it goes on, or its operator's machine died. */
  began: z.string().max(40),
  ended: z.string().max(40).optional(),
  /** Why it stopped before its end. */
  stopped: z.string().max(500).optional(),
  vms: z.record(NameSchema, WordSchema),
});

export type FleetMember = z.infer<typeof MemberSchema>;
export type VmWord = z.infer<typeof WordSchema>;
export type RunRecord = z.infer<typeof RunSchema>;

/** What the cluster keeps of a fleet. */
export interface FleetRecord {
  readonly members: Readonly<Record<string, FleetMember>>;
  /** The last run; absent before the first. */
  readonly run?: RunRecord;
  /** What that run was allowed to do, packed: untrusted until it is compared with the hash that an operator has. */
  readonly approval?: string;
}

const [MEMBERS, RUN, APPROVAL] = ['fleet.meshx.dev/members', 'fleet.meshx.dev/run', 'fleet.meshx.dev/approval'];

/** Kubernetes accepts 256 KiB of annotations. */
export const MOST_RECORD_BYTES = 255_000;

/** Reads the annotations of a fleet's Lease; why they are unreadable otherwise. */
export function readRecord(annotations: Readonly<Record<string, string>>): FleetRecord | { readonly reason: string } {
  const members = z.record(NameSchema, MemberSchema).safeParse(tryJson(annotations[MEMBERS] ?? '{}'));
  if (!members.success) return { reason: `${MEMBERS} has another form` };
  if (Object.keys(members.data).length > 2 * MOST_HOSTS) return { reason: `${MEMBERS} has too many VMs` };
  if (annotations[RUN] === undefined) return { members: members.data };
  const run = RunSchema.safeParse(tryJson(annotations[RUN]));
  if (!run.success) return { reason: `${RUN} has another form` };
  const { [APPROVAL]: approval = '' } = annotations;
  return { members: members.data, run: run.data, ...(approval !== '' && { approval }) };
}

/** The annotations of a record. An approval that does not fit is left out: the rest of its run needs a new review. */
export function formatRecord({ members, run, approval = '' }: FleetRecord): Readonly<Record<string, string>> {
  const kept = keptOf({ members, ...(run && { run }) });
  const fits = bytesOf(kept) + approval.length <= MOST_RECORD_BYTES;
  // An annotation stays until it is replaced.
  return { ...kept, [APPROVAL]: fits ? approval : '' };
}

function keptOf({ members, run }: Pick<FleetRecord, 'members' | 'run'>): Readonly<Record<string, string>> {
  return { [MEMBERS]: JSON.stringify(members), ...(run && { [RUN]: JSON.stringify(run) }) };
}

function bytesOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).flat().join('').length;
}

/** How large a record can become by the end of its run, in which VMs become members. Pure. */
export function bytesAtEnd(
  { members, run, approval = '' }: FleetRecord & { readonly run: RunRecord },
  joining: FleetRecord['members'],
): number {
  const longest = Object.fromEntries(Object.keys(run.vms).map((name) => [name, 'unchanged' as const]));
  const ended = { ...run, vms: longest, ended: run.began, stopped: ' '.repeat(100) };
  return bytesOf(keptOf({ members: { ...joining, ...members }, run: ended })) + approval.length;
}

/**
 * Members among `removed` that are the machine of a member which stays, by name: the file has another name for it now. To remove one from
 * the mesh would remove the machine that has just joined. Pure.
 */
export function renamedMembers(
  members: FleetRecord['members'],
  removed: readonly string[],
): ReadonlyMap<string, string> {
  const [stays, named] = [new Map<string, string>(), new Map<string, string>()];
  const all = Object.entries(members);
  for (const [name, member] of all.filter(([each]) => !removed.includes(each)))
    for (const mark of marksOf(name, member)) stays.set(mark, name);
  for (const [name, member] of all.filter(([each]) => removed.includes(each)))
    for (const mark of marksOf(name, member)) {
      const now = stays.get(mark);
      if (now !== undefined) named.set(name, now);
    }
  return named;
}

/** What one machine has alone: where SSH reaches it, and its place in the mesh. Machines of two networks may share an address alone. */
function marksOf(name: string, { address = name, namespace, group, ip }: FleetMember): readonly string[] {
  return [`ssh ${address}`, ...(ip === undefined ? [] : [JSON.stringify([namespace, group, ip])])];
}
