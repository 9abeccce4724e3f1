import type { Preflight } from '../../../src/checks/preflight.ts';
import type { PackageKind } from '../../../src/mesh/istio-package.ts';
import type { JoinContext } from '../../../src/operations/join/context.ts';
import { withPackage } from '../../../src/operations/join/found-package.ts';
import type { JoinEvent } from '../../../src/operations/join/run.ts';
import { packageProblems } from '../../../src/problems/sidecar-package.ts';

const ENVOY = '/usr/local/bin/envoy';

interface Case {
  readonly missing?: readonly string[];
  readonly isInterrupted?: boolean;
  readonly formats?: readonly ('deb' | 'rpm')[];
  readonly architecture?: string;
  readonly only?: readonly string[];
  readonly upgrade?: boolean;
  readonly dryRun?: boolean;
  readonly os?: { readonly id: string; readonly version: string };
  /** The folder of an image. */
  readonly root?: string;
}

/** What is asked for a machine, and what is said meanwhile. */
async function asked({ missing = [], isInterrupted = false, formats = ['deb'], architecture = 'amd64', ...run }: Case) {
  const kinds: PackageKind[] = [];
  const events: JoinEvent[] = [];
  const { only = [], upgrade = false, dryRun = false, os = { id: 'debian', version: '11' }, root } = run;
  // as: the decision reads nothing else of them.
  const context = {
    options: { only, dryRun, findPackage: { upgrade }, machine: { ...(root !== undefined && { root }) } },
    findPackage: (kind: PackageKind) => {
      kinds.push(kind);
      return Promise.reject(packageProblems.notPublished({ what: 'it', where: 'here' }));
    },
  } as unknown as JoinContext;
  const preflight = {
    missing,
    packages: { formats, isInterrupted },
    facts: { architecture, os },
  } as unknown as Preflight;
  const around = { vm: 'vm1', observe: (event: JoinEvent) => void events.push(event) };
  const problem = await withPackage(around, { context, preflight }).then(
    () => undefined,
    (error: { readonly id: string }) => error.id,
  );
  return { kinds, problem, events: events.map(({ kind }) => kind) };
}

const DEB = { format: 'deb', architecture: 'amd64', unpacksZstd: false };
const BOOKWORM = { missing: [ENVOY], os: { id: 'debian', version: '12' } };

test.each<readonly [string, Case, readonly object[]]>([
  ['has its sidecar', {}, []],
  ['lacks a program', { missing: [ENVOY] }, [DEB]],
  ['has all programs of an interrupted installation', { isInterrupted: true }, [DEB]],
  ['is upgraded', { upgrade: true }, [DEB]],
  ['gets other steps only', { missing: [ENVOY], only: ['names'] }, []],
  ['gets the step of the package', { missing: [ENVOY], only: ['package'] }, [DEB]],
  ['has rpm', { missing: [ENVOY], formats: ['rpm', 'deb'] }, [{ ...DEB, format: 'rpm' }]],
  ['unpacks zstd', BOOKWORM, [{ ...DEB, unpacksZstd: true }]],
  ['unpacks zstd, in a dry run', { ...BOOKWORM, dryRun: true }, [DEB]],
  ['is an image whose dpkg unpacks zstd', { ...BOOKWORM, root: '/image' }, [DEB]],
])('a machine that %s: %j', async (_what, machine, expected) => {
  expect((await asked(machine)).kinds).toEqual(expected);
});

test.each<readonly [string, Case, string]>([
  ['neither dpkg nor rpm', { missing: [ENVOY], formats: [] }, 'package-format-unknown'],
  ['no architecture that is known', { missing: [ENVOY], architecture: '' }, 'package-format-unknown'],
  ['an architecture with a path in it', { missing: [ENVOY], architecture: '../x' }, 'package-format-unknown'],
  ['a package that no one publishes', { missing: [ENVOY] }, 'package-not-published'],
])('%s stops the run, and a dry run says so and goes on', async (_what, machine, id) => {
  expect(await asked(machine)).toMatchObject({ problem: id, events: [] });
  expect(await asked({ ...machine, dryRun: true })).toMatchObject({ problem: undefined, events: ['package-needed'] });
});
