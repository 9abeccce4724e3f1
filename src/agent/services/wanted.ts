import { isDeepStrictEqual } from 'node:util';
import type { InvalidFile } from '../status/snapshot.ts';
import { agreeing } from './agreeing.ts';
import { SERVICE_FILE_ENDING, type ServiceDefinition } from './service-file.ts';
import type { ServicesFound } from './services-folder.ts';

/** The services that the agent watches after a reading of the folder. */
export interface Wanted {
  /** By name. */
  readonly services: readonly ServiceDefinition[];
  readonly invalid: readonly InvalidFile[];
}

/**
 * The services of the folder. A file that became unusable leaves its last good definition in effect, and an unusable folder those of
 * all services, unless they contradict a good file.
 */
export function wantedServices(inEffect: readonly ServiceDefinition[], { services, refused }: ServicesFound): Wanted {
  const isFolder = refused.some(({ file }) => file.includes('/'));
  const bad = new Set(refused.map(({ file }) => file));
  const found = new Set(services.map(({ name }) => name));
  const last = inEffect.filter(
    ({ name }) => !found.has(name) && (isFolder || bad.has(`${name}${SERVICE_FILE_ENDING}`)),
  );
  const all = agreeing([...services, ...last]);
  const kept = new Set(all.services.map(({ name }) => `${name}${SERVICE_FILE_ENDING}`));
  const invalid = refused.map(({ file, problem }) => ({
    file,
    issues: problem.issues.length > 0 ? problem.issues : [problem.message],
    lastGoodInEffect: kept.has(file) || (file.includes('/') && last.length > 0),
  }));
  return { services: all.services.toSorted((a, b) => (a.name < b.name ? -1 : 1)), invalid };
}

/** What to do about one service. */
export interface ServiceChange {
  readonly kind: 'add' | 'update' | 'remove';
  readonly definition: ServiceDefinition;
}

/** The changes that lead from the watched services to the wanted ones; none when they agree. */
export function planServices(
  watched: readonly ServiceDefinition[],
  wanted: readonly ServiceDefinition[],
): readonly ServiceChange[] {
  const before = new Map(watched.map((each) => [each.name, each]));
  const after = new Set(wanted.map(({ name }) => name));
  const gone = watched.filter(({ name }) => !after.has(name));
  const changed = wanted.flatMap((definition): readonly ServiceChange[] => {
    const known = before.get(definition.name);
    if (!known) return [{ kind: 'add', definition }];
    return isDeepStrictEqual(known, definition) ? [] : [{ kind: 'update', definition }];
  });
  return [...gone.map((definition) => ({ kind: 'remove', definition }) as const), ...changed];
}
