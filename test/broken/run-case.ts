import { waitFor } from '../lab/wait.ts';
import type { BrokenCase, Step } from './case.ts';
import { commandsOf } from './hint.ts';
import { type Finding, type JoinedMesh, NAMESPACE, VM } from './mesh.ts';
import { Snapshot } from './snapshot.ts';
import type { VariantName } from './variants.ts';

/**
 * `fixed`: named, and the hint, typed as printed, made the mesh healthy. `person`: named, and a person must decide. `failed`: it was not
 * named, or something else was, or the hint did not help. `broken`: the lab failed, and nothing is known.
 */
export const VERDICTS = ['fixed', 'person', 'failed', 'broken'] as const;
type Verdict = (typeof VERDICTS)[number];

/** One line of the results. */
export interface Result {
  readonly variant: VariantName;
  readonly case: string;
  readonly what: string;
  readonly expected: readonly string[];
  /** Ids with their outcome: `error istiod-exposed`. */
  readonly seen: readonly string[];
  readonly verdict: Verdict;
  /** The command of the hint, as it was run. */
  readonly typed?: string;
  /** Why a person must decide. */
  readonly person?: string;
  /** What was seen, where it is not well. */
  readonly detail?: string;
  /** Milliseconds of the whole case. */
  readonly ms: number;
}

/** Milliseconds until a break is named, and until the mesh is healthy after its repair: the agent on the VM looks once a minute. */
const NAMED = 75_000;
const HEALTHY = 90_000;

/** Breaks the mesh in one way, repairs it as `meshx check` says, and puts it back. */
export async function runCase(mesh: JoinedMesh, each: BrokenCase): Promise<Omit<Result, 'variant'>> {
  const began = performance.now();
  await healthy(mesh, each.words?.[0] === VM ? [VM, '-n', NAMESPACE] : []);
  const before = await Snapshot.of(mesh.lab, [NAMESPACE, 'istio-system']);
  const { name, what, expected } = each;
  let seen: Omit<Result, 'variant' | 'case' | 'what' | 'expected' | 'ms'>;
  try {
    seen = await judged(mesh, each);
  } catch (error) {
    seen = { seen: [], verdict: 'broken', detail: String(error).slice(0, 1500) };
  }
  await before.restore();
  await act(mesh, each.restore ?? []);
  return { case: name, what, expected, ...seen, ms: Math.round(performance.now() - began) };
}

/** Throws if the mesh does not become healthy. */
async function healthy(mesh: JoinedMesh, words: readonly string[]): Promise<void> {
  let last: readonly Finding[] = [];
  try {
    await waitFor('the mesh to be healthy', async () => (last = await mesh.findings(words)).length === 0, {
      timeoutMs: HEALTHY,
      everyMs: 500,
    });
  } catch (error) {
    throw new Error(last.length === 0 ? String(error) : `not healthy: ${show(last)}`, { cause: error });
  }
}

async function judged(mesh: JoinedMesh, each: BrokenCase) {
  const { words = [], expected, remedy } = each;
  await act(mesh, each.given ?? []);
  if (each.given) await healthy(mesh, words);
  await act(mesh, each.break);
  const findings = await named(mesh, { words, expected });
  const seen = [...new Set(findings.map(({ id, outcome }) => `${outcome} ${id}`))];
  if (!isExactly(findings, expected)) return { seen, verdict: 'failed' as const, detail: show(findings) };
  if ('person' in remedy) return { seen, verdict: 'person' as const, person: remedy.person, detail: show(findings) };
  const hints = findings.filter(({ id }) => id === remedy.hint).map(({ hint = '' }) => hint);
  const hint = hints.join(' | ');
  const lines = hints.map(commandsOf).flatMap((all) => (remedy.command === 'all' ? all : all.slice(0, 1)));
  const line = [...new Set(lines)].join('; ');
  if (line === '') return { seen, verdict: 'failed' as const, detail: `no command in: ${hint}` };
  const [ran] = await Promise.all([mesh.type(line), control(mesh, remedy.meanwhile ?? [])]);
  try {
    await act(mesh, remedy.then ?? []);
    await healthy(mesh, words);
  } catch (error) {
    const detail = `${String(error)}; ${line} printed: ${ran.stdout.slice(-600)}${ran.stderr}`.slice(0, 2500);
    return { seen, verdict: 'failed' as const, typed: line, detail };
  }
  return { seen, verdict: 'fixed' as const, typed: line };
}

/** What is found once it is what is expected, or at the end of the limit. */
async function named(
  mesh: JoinedMesh,
  { words, expected }: { readonly words: readonly string[]; readonly expected: readonly string[] },
): Promise<readonly Finding[]> {
  let last: readonly Finding[] = [];
  const ask = async (): Promise<boolean> => isExactly((last = await mesh.findings(words)), expected);
  await waitFor('the findings', ask, { timeoutMs: NAMED, everyMs: 500 }).catch(() => undefined);
  return last;
}

/** Skipped checks have a reason of their own. */
function isExactly(findings: readonly Finding[], expected: readonly string[]): boolean {
  const ids = new Set(findings.filter(({ outcome }) => outcome !== 'skipped').map(({ id }) => id));
  return ids.size === expected.length && expected.every((id) => ids.has(id));
}

function show(findings: readonly Finding[]): string {
  return findings.map(({ id, detail, hint = 'none' }) => `[${id}] ${detail} (hint: ${hint})`).join('; ');
}

/** What a controller does as soon as it can. */
async function control(mesh: JoinedMesh, lines: readonly string[]): Promise<void> {
  for (const line of lines)
    await waitFor(line, async () => (await mesh.type(line)).exitCode === 0, { everyMs: 500 }).catch(() => undefined);
}

async function act(mesh: JoinedMesh, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'string') await mesh.mustType(step);
    else if (step.lab === 'istiod-stops') await mesh.lab.stopIstiod();
    else await mesh.lab.startIstiod();
  }
}
