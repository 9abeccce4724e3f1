import * as z from 'zod';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { type Plan, planHash } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { readText } from '../files.ts';
import type { Registration } from '../registration.ts';
import type { SecretOwner } from './secrets.ts';

/** A plan in a file: everything that `meshx apply` needs to make the same plan again and compare. No secret is in it. */
export interface KeptPlan {
  readonly vm: string;
  readonly owner: SecretOwner;
  /** What must stand in the cluster. */
  readonly registration: Registration;
  readonly steps: readonly Step[];
  readonly plan: Plan;
}

const FORMAT = 1;

/** JSON, for people to read and for `meshx apply`. */
export function formatKeptPlan(kept: KeptPlan): string {
  return `${JSON.stringify({ version: FORMAT, hash: planHash(kept.plan), ...kept }, undefined, 2)}\n`;
}

const Owner = z.strictObject({ namespace: z.string(), serviceAccount: z.string() });
const Named = z.looseObject({ id: z.string(), title: z.string() });
const File = z.looseObject({
  version: z.literal(FORMAT),
  hash: z.string(),
  vm: z.string().min(1),
  owner: Owner,
  registration: z.looseObject({ generation: z.enum(['current', 'classic']) }),
  steps: z.array(z.looseObject({ ...Named.shape, wants: z.array(z.looseObject({ kind: z.string() })) })),
  plan: z.looseObject({ steps: z.array(z.looseObject({ ...Named.shape, changes: z.array(z.unknown()) })) }),
});

/**
 * Reads a plan back. What is in it runs as root on the VM, so a file that was edited by hand is refused: its hash differs.
 * Throws `file-not-read`, `plan-invalid`.
 */
export async function readKeptPlan(path: string): Promise<KeptPlan> {
  const text = await readText(path);
  const parsed = File.safeParse(jsonOf(text));
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; ');
    throw reconcileProblems.planInvalid({ path, detail });
  }
  // as: the schema checks the frame; the hash says that meshx itself wrote what is inside.
  const kept = parsed.data as unknown as KeptPlan & { readonly hash: string };
  if (planHash(kept.plan) !== kept.hash)
    throw reconcileProblems.planInvalid({ path, detail: 'it was changed by hand' });
  return kept;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
