import type { ClusterFacts } from '../mesh/cluster-facts.ts';
import { type GenerationName, GENERATIONS } from '../mesh/generation.ts';
import * as z from 'zod';
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { tryJson } from '../documents/json.ts';
import { membershipProblems } from '../problems/membership.ts';
import { FORMATS, refuseNewer } from '../reconcile/formats.ts';
import { PLACES } from './places.ts';

/** Options of the join that the next run repeats, by their camelCase names. */
export type RecordedOptions = Readonly<Record<string, string | readonly string[] | boolean>>;

/**
 * The options and names of a join, kept on the VM in a file that only root can change. It is still untrusted: before an object of the
 * cluster is deleted or changed because of it, the cluster must agree.
 */
export interface MembershipRecord {
  readonly generation: GenerationName;
  readonly namespace: string;
  /** Its WorkloadGroup; a classic mesh has none. */
  readonly group?: string;
  readonly serviceAccount: string;
  /** Absent for an image, whose machines detect their own. */
  readonly address?: string;
  readonly options: RecordedOptions;
  /** The fleet that joined it; absent for a VM that joined by itself. */
  readonly fleet?: FleetMark;
}

/** The fleet and VM name of a machine. A fleet's record in the cluster is not enough to remove a machine: it must carry this mark. */
export interface FleetMark {
  readonly fleet: string;
  /** Its name in the fleet file. */
  readonly vm: string;
  /** `meshDigest` of the fleet's mesh: another mesh may have a fleet of the same name. */
  readonly mesh: string;
}

/** Differs between meshes: with istiod a digest of their root certificates, in a classic mesh only of the cluster's domain. */
export function meshDigest(facts: ClusterFacts): string {
  const own = 'rootCert' in facts ? facts.rootCert : facts.clusterDomain;
  return createHash('sha256').update(own.trim()).digest('hex');
}

const NAME = z.string().regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/);
const File = z.object({
  generation: z.enum(GENERATIONS),
  namespace: NAME,
  group: NAME.optional(),
  serviceAccount: NAME,
  address: z
    .string()
    .refine((text) => isIP(text) > 0)
    .optional(),
  options: z.record(z.string().regex(/^[a-zA-Z]{1,40}$/), z.union([z.string(), z.array(z.string()), z.boolean()])),
  fleet: z.object({ fleet: NAME, vm: z.string().max(300), mesh: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
});

/** JSON with its format first. Equal records have equal texts. */
export function formatRecord({
  generation,
  namespace,
  group,
  serviceAccount,
  address,
  options,
  fleet,
}: MembershipRecord): string {
  const sorted = Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
  const place = { generation, namespace, group, serviceAccount, address };
  const record = { format: FORMATS.membership, ...place, fleet, options: sorted };
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** Parses the file of a VM; undefined for an empty text. Throws `format-newer`, `membership-unreadable`. */
export function parseRecord(vm: string, text: string): MembershipRecord | undefined {
  if (text === '') return undefined;
  const json = tryJson(text);
  const format = z.looseObject({ format: z.int().positive() }).safeParse(json).data?.format;
  if (format !== undefined) refuseNewer({ host: vm, kind: 'membership', file: PLACES.membership, format });
  const { data, error } = File.safeParse(json);
  if (format === undefined || error) {
    const fields = error?.issues.map(({ path }) => path.join('.')).filter((field) => field !== '') ?? [];
    throw membershipProblems.unreadable({ vm, fields: format === undefined ? ['format'] : fields });
  }
  const { group, address, fleet, ...rest } = data;
  return {
    ...rest,
    ...(group !== undefined && { group }),
    ...(address !== undefined && { address }),
    ...(fleet !== undefined && { fleet }),
  };
}
