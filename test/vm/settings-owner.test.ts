import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configureSteps } from '../../src/vm/configure.ts';
import { isEmpty, plan, summaries } from '../../src/reconcile/plan.ts';
import type { Facts } from '../../src/reconcile/facts.ts';
import { resourceId } from '../../src/reconcile/kinds/index.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { wantedVm } from '../../src/vm/wanted.ts';
import { aClassicCluster, classicInput, currentInput } from './world.ts';

const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));
/** Runs as istio-proxy. */
const NOT_ROOT = ['sidecar-start'];
const PROGRAMS = readdirSync(SYSTEMD)
  .filter((name) => !NOT_ROOT.includes(name) && statSync(join(SYSTEMD, name)).mode & 0o100)
  .map((name) => readFileSync(join(SYSTEMD, name), 'utf8'));
/** What the start script of a classic package sources as root, and the mesh configuration that comes with them. */
const SETTINGS = ['/var/lib/istio/envoy/cluster.env', '/var/lib/istio/envoy/sidecar.env', '/var/lib/istio/config/mesh'];

const cases: readonly (readonly [string, readonly Step[]])[] = [
  ['a current VM', wantedVm(currentInput())],
  ['a classic VM', wantedVm(classicInput())],
  ['a classic VM of 1.5', wantedVm(classicInput({ cluster: aClassicCluster({ release: '1.5' }) }))],
  ['an image', wantedVm(currentInput({ image: true }))],
  ['a classic image', wantedVm(classicInput({ image: true }))],
  ['configure of a current VM', configured('meshx', false)],
  ['configure of a classic VM', configured('package', true)],
  ['configure of a VM with the package’s unit alone', configured('package', false)],
];

function configured(reader: 'meshx' | 'package', classic: boolean): readonly Step[] {
  return configureSteps({ keys: { ISTIO_SERVICE: 'web' }, remove: [] }, { reader, classic });
}

type Owned = Extract<Resource, { owner: string }>;
const owned = (steps: readonly Step[]): readonly Owned[] =>
  steps.flatMap(({ wants }) => wants).filter((want): want is Owned => 'owner' in want);

function above(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === '/' ? [] : [...above(parent), parent];
}

/** Files of the steps that a program of root names, and the settings. */
const readByRoot = (steps: readonly Step[]): readonly string[] => [
  ...SETTINGS,
  ...owned(steps)
    .filter(({ kind }) => kind !== 'directory')
    .map(({ path }) => path)
    .filter((path) => PROGRAMS.some((text) => text.includes(path))),
];

test.each(cases)('only root can change what root reads on %s, and each directory above it', (_, steps) => {
  const all = owned(steps);
  const places = new Set(readByRoot(steps).flatMap((path) => [...above(path), path]));
  const theirs = all.filter(
    ({ path, owner, mode }) => places.has(path) && (owner !== 'root:root' || /[2367].?$/.test(mode)),
  );
  expect(theirs).toEqual([]);
  // The package gives these to the sidecar's user: each is taken back by name, and the directories before what is in them.
  const paths = all.map(({ path }) => path);
  const settings = SETTINGS.filter((path) => paths.includes(path));
  expect(settings).toEqual(expect.arrayContaining(SETTINGS.slice(0, 2)));
  for (const path of settings)
    for (const each of above(path).filter((name) => name.startsWith('/var/lib/istio')))
      expect([each, paths.indexOf(each) >= 0 && paths.indexOf(each) < paths.indexOf(path)]).toEqual([each, true]);
});

/** The machine as it is wanted. */
function asWanted(wants: readonly Resource[]): Facts {
  const stdout = (want: Resource): string => {
    if (!('owner' in want)) return '';
    const first = `${want.owner} ${want.mode}\n`;
    if (want.kind === 'file') return `${first}${sha256(want.content)}\n`;
    if (want.kind === 'env') {
      const text = Object.entries(want.set)
        .map(([key, value]) => `${key}=${value}\n`)
        .join('');
      return `${first}${sha256(text)}\n${text}`;
    }
    return first;
  };
  return new Map(wants.map((want) => [resourceId(want), { exitCode: 0, stdout: stdout(want), stderr: '' }]));
}

test.each(cases)('the owners of the settings are set again after a package is installed on %s', (_, steps) => {
  const wants = steps
    .flatMap((step) => step.wants)
    .filter(({ kind }) => ['directory', 'file', 'env', 'kept-file'].includes(kind));
  const quiet = [{ id: 'settings', title: 'Settings', wants }];
  const facts = asWanted(wants);
  expect(isEmpty(plan(quiet, facts))).toBe(true);
  const changes = summaries(plan(quiet, facts, new Set(['package:istio-sidecar'])));
  const places = SETTINGS.filter((path) => wants.some((want) => 'path' in want && want.path === path));
  const directories = SETTINGS.flatMap(above).filter((each) => each.startsWith('/var/lib/istio'));
  const expected = new Set([...directories, ...places]);
  expect(changes.map((text) => text.replace(/^set owner root:root and mode 0\d+ (?:of|in) /, '')).sort()).toEqual(
    [...expected].sort(),
  );
});
