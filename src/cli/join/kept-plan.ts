import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { sha256 } from '../../reconcile/sha256.ts';
import { readText } from '../files.ts';
import type { Registration } from '../registration.ts';
import type { ProofSubject } from './proofs.ts';

/** A plan in a file: everything that `meshx apply` needs to make the same plan again, compare, apply and prove. No secret is in it. */
export interface KeptPlan {
  readonly vm: string;
  /** What must stand in the cluster. */
  readonly registration: Registration;
  readonly steps: readonly Step[];
  readonly plan: Plan;
  readonly subject: ProofSubject;
  /** What is said in place of proofs. */
  readonly unproved?: readonly string[];
  /** Risks that were accepted when the plan was made. */
  readonly acceptRisk: readonly string[];
}

const FORMAT = 1;

/** JSON, for people to read and for `meshx apply`. */
export function formatKeptPlan(kept: KeptPlan): string {
  return `${JSON.stringify({ version: FORMAT, hash: hashOf(kept), ...kept }, undefined, 2)}\n`;
}

const Named = z.looseObject({ id: z.string(), title: z.string() });
const Place = z.looseObject({ namespace: z.string(), serviceAccount: z.string() });
const File = z.looseObject({
  version: z.literal(FORMAT),
  hash: z.string(),
  vm: z.string().min(1),
  registration: z.looseObject({ generation: z.enum(['current', 'classic']) }),
  steps: z.array(z.looseObject({ ...Named.shape, wants: z.array(z.looseObject({ kind: z.string() })) })),
  plan: z.looseObject({ steps: z.array(z.looseObject({ ...Named.shape, changes: z.array(z.unknown()) })) }),
  subject: z.looseObject({ workload: Place }),
  acceptRisk: z.array(z.string()),
});

/**
 * Reads a plan back. What is in it runs as root on the VM, so a file that was edited by hand is refused: its hash differs.
 * Throws `file-not-read`, `plan-invalid`.
 */
export async function readKeptPlan(path: string): Promise<KeptPlan> {
  const json = tryJson(await readText(path));
  const parsed = File.safeParse(json);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; ');
    throw reconcileProblems.planInvalid({ path, detail });
  }
  // as: the schema checks the frame; the hash says that meshx itself wrote what is inside.
  const { version: _version, hash, ...kept } = json as KeptPlan & { readonly version: number; readonly hash: string };
  if (hashOf(kept) !== hash) throw reconcileProblems.planInvalid({ path, detail: 'it was changed by hand' });
  return kept;
}

/** Of everything in it, as JSON: what runs, what is registered and what is proved. */
function hashOf(kept: KeptPlan): string {
  return sha256(JSON.stringify(kept));
}
