import { GENERATIONS } from '../../mesh/generation.ts';
import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { scriptDigest } from '../../host/run/root-program.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { isKind } from '../../reconcile/kinds/index.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { sha256 } from '../../reconcile/sha256.ts';
import type { Registration } from '../../cluster/registration/registration-request.ts';
import type { JoinSubject } from './run.ts';

/**
 * A plan in a file: everything that `meshx apply` needs to plan again, compare, apply and verify. It holds no secret.
 */
export interface KeptPlan {
  readonly vm: string;
  /** What the cluster must have. */
  readonly registration: Registration;
  readonly steps: readonly Step[];
  readonly plan: Plan;
  readonly subject: JoinSubject;
  /** Why the join is not verified. */
  readonly unverified?: readonly string[];
  /** Risks that were accepted when the plan was made. */
  readonly acceptRisk: readonly string[];
}

const FORMAT = 2;

/** JSON for people and for `meshx apply`. */
export function formatKeptPlan(kept: KeptPlan): string {
  return `${JSON.stringify({ version: FORMAT, hash: hashOf(kept), ...kept }, undefined, 2)}\n`;
}

const Named = z.looseObject({ id: z.string(), title: z.string() });
const Place = z.looseObject({ namespace: z.string(), serviceAccount: z.string() });
const Script = z.looseObject({
  script: z.looseObject({ name: z.string(), text: z.string(), args: z.array(z.string()) }),
});
const Change = z.looseObject({ summary: z.string(), scripts: z.array(Script) });
const Want = z.looseObject({ kind: z.string().refine(isKind) });
const File = z.looseObject({
  version: z.literal(FORMAT),
  hash: z.string(),
  vm: z.string().min(1),
  registration: z.looseObject({ generation: z.enum(GENERATIONS) }),
  steps: z.array(z.looseObject({ ...Named.shape, wants: z.array(Want) })),
  plan: z.looseObject({ steps: z.array(z.looseObject({ ...Named.shape, changes: z.array(Change) })) }),
  subject: z.looseObject({ workload: Place }),
  acceptRisk: z.array(z.string()),
});

/**
 * Reads a plan. Its resources become files and units of root on the VM, so the file must be trusted like its author;
 * the hash has no key and only finds accidental edits. Scripts in it must be meshx's own, by digest. Throws
 * `plan-invalid`.
 */
export async function parseKeptPlan(path: string, text: string): Promise<KeptPlan> {
  const json = tryJson(text);
  const refuse = (detail: string): never => {
    throw reconcileProblems.planInvalid({ path, detail });
  };
  if (json === undefined) return refuse('it is not JSON');
  const version = z.looseObject({ version: z.unknown() }).safeParse(json).data?.version;
  if (typeof version === 'number' && version !== FORMAT)
    return refuse(`it has format ${version}, and this meshx reads format ${FORMAT}`);
  const parsed = File.safeParse(json);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))];
    return refuse(fields.includes('') ? 'it is not an object' : `missing or wrong: ${fields.join(', ')}`);
  }
  // as: the schema checks the frame, scripts are compared below, and the author is trusted with the rest.
  const { version: _version, hash, ...kept } = json as KeptPlan & { readonly version: number; readonly hash: string };
  if (hashOf(kept) !== hash) return refuse('it was changed by hand');
  const foreign = await foreignScripts(kept.plan);
  return foreign.length === 0 ? kept : refuse(`not a script of this meshx: ${foreign.join(', ')}`);
}

/** Scripts that this version of meshx does not run, by the name of their step. */
async function foreignScripts({ steps }: Plan): Promise<readonly string[]> {
  const { ROOT_SCRIPTS } = await import('../sudoers/root-scripts.ts');
  const own = new Set(ROOT_SCRIPTS.map(({ text }) => scriptDigest(text)));
  return steps
    .filter(({ changes }) =>
      changes.some(({ scripts }) => scripts.some(({ script }) => !own.has(scriptDigest(script.text)))),
    )
    .map(({ id }) => id);
}

/** The hash of everything that runs, is registered or verified. */
function hashOf(kept: KeptPlan): string {
  return sha256(JSON.stringify(kept));
}
