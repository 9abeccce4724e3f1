import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXCLUSIVE, excludedIn } from '../../src/cli/exclusive.ts';
import type { Call, CommandSpec } from '../../src/cli/command.ts';
import { withoutExcluded } from '../../src/cli/fleet/given.ts';
import { flagOf, Input } from '../../src/cli/input.ts';
import type { Setting, SettingValue } from '../../src/cli/settings/setting.ts';
import { variableOf } from '../../src/cli/variables.ts';

type Side = (typeof EXCLUSIVE)[number][number];
const SOURCES = ['flag', 'variable', 'project', 'user'] as const;
type Source = (typeof SOURCES)[number];

const nameOf = (side: Side): string => (typeof side === 'string' ? side : side[0]);
const valueOf = (side: Side): SettingValue => (typeof side === 'string' ? 'some' : side[1]);

/** A call in which each side comes from one source. */
function callOf(sides: readonly (readonly [Side, Source])[]): Call {
  const of = (source: Source) => sides.filter(([, each]) => each === source).map(([side]) => side);
  const setting = (owner: 'project' | 'user', rank: number) =>
    of(owner).map((side): [string, Setting] => [nameOf(side), { value: valueOf(side), owner, where: '', rank }]);
  return {
    args: [],
    given: Object.fromEntries(of('flag').map((side) => [nameOf(side), valueOf(side)])),
    settings: new Map([...setting('project', 2), ...setting('user', 1)]),
    world: { env: Object.fromEntries(of('variable').map((side) => [variableOf(nameOf(side)), String(valueOf(side))])) },
  } as unknown as Call;
}

/** Takes all options of a pair. */
function specOf(sides: readonly Side[]): CommandSpec {
  return {
    common: [],
    options: sides.map((side) => [`${flagOf(nameOf(side))} <value>`, '']),
  } as unknown as CommandSpec;
}

function isGiven(call: Call, spec: CommandSpec, side: Side): boolean {
  // A switch that is on by itself is off only where a source says so.
  const on = typeof side !== 'string' && !side[1] ? [side[0]] : [];
  const input = new Input('up', { ...call, on, excluded: excludedIn(spec, call) });
  return typeof side === 'string' ? input.text(side) !== undefined : input.flag(side[0]) === side[1];
}

const pairs = EXCLUSIVE.flatMap(([a, b]) => [
  [nameOf(a), nameOf(b), a, b] as const,
  [nameOf(b), nameOf(a), b, a] as const,
]);

test.each(pairs)(
  '%s excludes %s from every source below its own, and never from one above',
  (_a, _b, winner, loser) => {
    const spec = specOf([winner, loser]);
    for (const [index, high] of SOURCES.entries())
      for (const low of SOURCES.slice(index + 1)) {
        const call = callOf([
          [winner, high],
          [loser, low],
        ]);
        expect([high, low, isGiven(call, spec, winner), isGiven(call, spec, loser)]).toEqual([high, low, true, false]);
      }
  },
);

test.each(pairs)('%s and %s of one source are both read: they are an issue of the command', (_a, _b, one, other) => {
  for (const source of SOURCES) {
    const spec = specOf([one, other]);
    const call = callOf([
      [one, source],
      [other, source],
    ]);
    expect([isGiven(call, spec, one), isGiven(call, spec, other)]).toEqual([true, true]);
  }
});

test('an option that is itself excluded excludes nothing', () => {
  const [upgrade, spec] = [['upgrade', true] as const, specOf(['package', 'packageSource', ['upgrade', true]])];
  const call = callOf([
    [upgrade, 'flag'],
    ['package', 'project'],
    ['packageSource', 'user'],
  ]);
  expect(excludedIn(spec, call)).toEqual(new Set(['package']));
});

test('an empty value, a switch that is off and an option of another command exclude nothing', () => {
  const call = callOf([['package', 'user']]);
  const spec = specOf(['package', 'packageSource', ['upgrade', true]]);
  expect(excludedIn(spec, { ...call, given: { packageSource: '', upgrade: false } })).toEqual(new Set());
  const env = { MESHX_PACKAGE_SOURCE: 'https://mirror.example' };
  expect(excludedIn(specOf(['package']), { ...call, world: { ...call.world, env } })).toEqual(new Set());
});

test('in a fleet an option of the command line, or of a host, excludes one of the whole fleet', () => {
  const file = { package: '/a.deb', gateway: 'east', namespace: 'vm' };
  expect(withoutExcluded(file, { packageSource: 'none' })).toEqual({ gateway: 'east', namespace: 'vm' });
  const depth = (name: string): number => (name === 'package-source' ? 6 : 2);
  expect(withoutExcluded({ ...file, packageSource: 'none' }, {}, depth)).toEqual({
    ...{ packageSource: 'none', gateway: 'east', namespace: 'vm' },
  });
});

test('options that a command refuses together are in the table', () => {
  const folder = new URL('../../src/cli', import.meta.url).pathname;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const texts = files.flatMap((file) => [
    ...readFileSync(join(folder, file), 'utf8').matchAll(
      /issue\(['`](--.*(?:only one of them|contradicts|be combined).*)['`]\)/g,
    ),
  ]);
  const named = texts.map(([, text = '']) => text.match(/--[a-z-]*[a-z]/g) ?? []).filter((flags) => flags.length > 1);
  const has = (one: string, other: string): boolean =>
    EXCLUSIVE.some((pair) =>
      pair.every((side) => [one, other].includes(flagOf(nameOf(side)).replace(/^--agent$/, '--no-agent'))),
    );
  expect(named.length).toBeGreaterThan(8);
  expect(
    named.flatMap(([one = '', ...others]) =>
      others.filter((other) => !has(one, other)).map((other) => `${one} ${other}`),
    ),
  ).toEqual([]);
});
