import type { Facts } from './facts.ts';
import { kindOf, resourceId } from './kinds/index.ts';
import { installedBy } from './kinds/package.ts';
import type { Resource, Step } from './resource.ts';
import type { Change, Touches } from './kind.ts';
import { sha256 } from './sha256.ts';
import { restoredBy } from './undo/former-package.ts';

export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  /** Empty if the step is up to date. */
  readonly changes: readonly Change[];
  /** What these changes may alter; the journal has its previous state. */
  readonly touches: Touches;
  readonly when?: 'after-checks';
}

/** Plain data without secrets, which can be printed, stored, compared and applied later. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
}

/**
 * Pure: equal steps and facts give equal plans. An empty plan means that the host is up to date. Throws a Problem if a fact shows that a
 * want is impossible (a package for another architecture). `changed` has resources that something other than these steps alters
 * before them.
 */
export function plan(steps: readonly Step[], facts: Facts, changed: ReadonlySet<string> = new Set()): Plan {
  refuseContradictions(steps);
  const touched = new Set(changed);
  const expected = new Map<string, ReturnType<Facts['get']>>();
  const planned = (want: Resource): { changes: readonly Change[]; touches: Touches } => {
    const kind = kindOf(want);
    const id = kind.id(want);
    const shared = kind.shared?.(want) ?? id;
    const answer = expected.get(shared) ?? facts.get(id);
    if (!answer) throw new Error(`no fact was gathered for ${id}`);
    const changes = kind.changes(want, answer, touched);
    if (changes.length === 0) return { changes, touches: {} };
    if (kind.expects) expected.set(shared, kind.expects(want, answer));
    const touches = kind.touches(want, answer);
    for (const each of [id, ...(touches.paths ?? []).map((path) => `path:${path}`)]) touched.add(each);
    return { changes, touches };
  };
  return { steps: steps.map((step) => plannedStep(step, step.wants.map(planned))) };
}

function plannedStep(step: Step, wants: readonly { changes: readonly Change[]; touches: Touches }[]): PlannedStep {
  const all = (key: keyof Touches) => [...new Set(wants.flatMap(({ touches }) => touches[key] ?? []))];
  const trees = all('trees');
  const things = { paths: all('paths'), units: all('units'), users: all('users'), packages: all('packages') };
  const touches = { ...things, ...(trees.length > 0 && { trees }) };
  const { id, title, when } = step;
  return { id, title, changes: wants.flatMap(({ changes }) => changes), touches, ...(when && { when }) };
}

/** The packages that a plan installs or restores: name, version, format and sha256. */
export function installedPackages({ steps }: Plan): readonly string[] {
  const scripts = steps.flatMap(({ changes }) => changes).flatMap((change) => change.scripts);
  return scripts.flatMap(({ script }) => installedBy(script) ?? restoredBy(script) ?? []);
}

/** Whether the host is up to date. */
export function isEmpty({ steps }: Plan): boolean {
  return steps.every(({ changes }) => changes.length === 0);
}

/** The plan as a list of sentences; empty if there is nothing to do. */
export function summaries({ steps }: Plan): readonly string[] {
  return steps.flatMap(({ changes }) => changes.map(({ summary }) => summary));
}

/**
 * The hash of a plan, independent of the order of keys in its JSON, and of how its bytes travel: paths differ from operator to operator,
 * and the script that installs a file names its content. Hexadecimal sha256.
 */
export function planHash(planned: Plan): string {
  const steps = planned.steps.map((step) => ({ ...step, changes: step.changes.map(withoutUploads) }));
  return sha256(JSON.stringify({ ...planned, steps }, sortKeys));
}

function withoutUploads(change: Change): Change {
  return { ...change, scripts: change.scripts.filter(({ early }) => early !== true) };
}

/** A change with its text, and a hash of all that it does, as in `planHash`. */
export interface HashedChange {
  readonly summary: string;
  /** Hexadecimal sha256. */
  readonly hash: string;
}

/** The changes of a plan, in order. */
export function hashedChanges({ steps }: Plan): readonly HashedChange[] {
  const hash = (id: string, change: Change): string => sha256(JSON.stringify([id, withoutUploads(change)], sortKeys));
  return steps.flatMap(({ id, changes }) =>
    changes.map((change) => ({ summary: change.summary, hash: hash(id, change) })),
  );
}

/** Whether a plan has only changes of an earlier one, in its order. */
export function isRestOf(rest: Plan, whole: Plan): boolean {
  const left = hashedChanges(rest).map(({ hash }) => hash);
  for (const { hash } of hashedChanges(whole)) if (hash === left[0]) left.shift();
  return left.length === 0;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Two different resources with one id contradict each other: the steps are wrong, not the machine. */
function refuseContradictions(steps: readonly Step[]): void {
  const seen = new Map<string, string>();
  for (const want of steps.flatMap(({ wants }) => wants)) {
    const id = resourceId(want);
    const text = JSON.stringify(want, sortKeys);
    if ((seen.get(id) ?? text) !== text) throw new Error(`${id} is wanted in two different ways`);
    seen.set(id, text);
  }
}
