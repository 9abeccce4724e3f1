import { cliProblems } from '../problems/cli.ts';
import type { World } from '../world.ts';
import type { CommandSpec } from './command.ts';
import { nearest } from '../nearest.ts';
import { COMMON } from './options.ts';
import { SECRET_VARIABLES } from '../secret-variables.ts';

/** MESHX_SERVICE_CIDR for serviceCidr. */
export function variableOf(option: string): string {
  return `MESHX_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Variables without an option: another endpoint of Google Cloud, and the lab of meshx's tests. */
const OTHERS = ['MESHX_COMPUTE_ENDPOINT', 'MESHX_LAB', 'MESHX_LAB_CACHE'];

/** Every variable that meshx reads. */
export function knownVariables(commands: readonly CommandSpec[]): readonly string[] {
  const lines = [...Object.values(COMMON), ...commands.flatMap(({ options }) => options)];
  const flags = lines.flatMap(([syntax]) => /--(?:no-)?([a-z0-9-]+)/.exec(syntax)?.[1] ?? []);
  return [
    ...new Set([
      ...flags.map((flag) => `MESHX_${flag.replaceAll('-', '_').toUpperCase()}`),
      ...SECRET_VARIABLES,
      ...OTHERS,
    ]),
  ];
}

/**
 * A misspelt variable would have no effect, and the command could act on the wrong cluster. A name close to a known one
 * is refused; any other is noted. Throws `variable-refused`.
 */
export function checkVariables({ env, note }: World, commands: readonly CommandSpec[]): void {
  const given = Object.keys(env).filter((name) => name.startsWith('MESHX_') && env[name] !== undefined);
  const known = given.length > 0 ? knownVariables(commands) : [];
  const unknown = given.filter((name) => !known.includes(name)).toSorted();
  const names = known.map(bare);
  const issues = unknown.flatMap((name) => {
    // Short names are close to everything.
    const [meant] = bare(name).length > 4 ? nearest(bare(name), names) : [];
    return meant === undefined
      ? []
      : [`${name} is set, and meshx does not know it: MESHX_${meant} is the nearest name`];
  });
  if (issues.length > 0) throw cliProblems.variableRefused({ issues });
  for (const name of unknown) note(`warning: ${name} is set, and meshx does not know it`);
}

function bare(name: string): string {
  return name.slice('MESHX_'.length);
}
