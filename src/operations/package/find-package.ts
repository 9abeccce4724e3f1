import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { CurrentFacts } from '../../mesh/cluster-facts.ts';
import {
  ISTIO_RELEASES,
  isIstioRelease,
  type PackageKind,
  packageFile,
  packagePath,
  PUBLISHED_ARCHITECTURES,
  SIDECAR_PACKAGE,
} from '../../mesh/istio-package.ts';
import { unsupportedSkew } from '../../mesh/version-skew.ts';
import { shown } from '../../problems/mesh.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { expectedSha256, type OpenedPackage } from '../../vm/sidecar-package.ts';
import type { World } from '../../world.ts';
import { istiodVersion, type IstiodVersion } from './istiod-version.ts';
import { offeredPackage, type Offering } from './offered-package.ts';
import { openDownloaded, openWithChecksum } from './open-package.ts';
import type { PackageSource } from './package-source.ts';
import { publishedChecksum } from './published-checksum.ts';
import { packedByZstd } from './zstd-package.ts';

/** How a package is found that was not given. */
export interface FindOptions {
  readonly source: PackageSource;
  /** Expected digest of the package; by default, the published one. */
  readonly sha256?: string;
  /** Also for a VM that has a sidecar: it gets the package of istiod's version. */
  readonly upgrade: boolean;
}

/** Finds the package for a kind of machine. VMs of one kind share what was found, except in their own repositories. */
export type FindPackage = (kind: PackageKind, offering?: Offering) => Promise<OpenedPackage>;

/** What a search needs besides its options. */
export interface Searching {
  readonly world: World;
  readonly kube: Kubernetes;
  readonly facts: CurrentFacts;
}

/**
 * A search for packages of istiod's version. It reads nothing before it is called, and each kind of package once. It throws the
 * problems of problems/sidecar-package.ts.
 */
export function packageFinder(searching: Searching, options: FindOptions): FindPackage {
  const { world, kube, facts } = searching;
  const { source, sha256 } = options;
  const found = new Map<string, Promise<OpenedPackage>>();
  let asked: Promise<IstiodVersion> | undefined;
  const istiod = (): Promise<IstiodVersion> => (asked ??= istiodVersion(kube, facts, world.signal));
  if (source.kind === 'distribution')
    return async (kind, offering = { vm: '' }) => {
      const { version } = await istiod();
      return offeredPackage(offering, { kind, istiod: version, sha256: expectedSha256(sha256) });
    };
  const search = async (kind: PackageKind): Promise<OpenedPackage> =>
    await find(world, { source, digest: expectedSha256(sha256) }, { kind, istiod: await istiod() });
  const smaller = packedByZstd(world);
  return async (kind) => {
    const key = packageFile(kind);
    const known = found.get(key) ?? search(kind);
    found.set(key, known);
    return kind.unpacksZstd ? await smaller(await known) : await known;
  };
}

interface Wanted {
  readonly kind: PackageKind;
  readonly istiod: IstiodVersion;
}

interface Releases {
  readonly source: Exclude<PackageSource, { readonly kind: 'distribution' }>;
  readonly digest: string | undefined;
}

async function find(world: World, { source, digest }: Releases, wanted: Wanted): Promise<OpenedPackage> {
  const opened =
    source.kind === 'url'
      ? await onServer(world, { base: source.url, digest }, wanted)
      : await inDirectory(world, { folder: source.path, digest }, wanted);
  const reason = mismatch(opened, wanted.istiod.version);
  if (reason !== undefined) throw packageProblems.unreadable({ path: pathOf(opened), reason });
  return opened;
}

/** Why a package does not fit, whatever its file is called. */
function mismatch({ name, version }: OpenedPackage, istiod: string): string | undefined {
  if (name !== SIDECAR_PACKAGE) return `it is the package ${shown(name)}`;
  return unsupportedSkew(version, istiod)
    ? `it has version ${version}, which does not fit istiod ${istiod}`
    : undefined;
}

async function onServer(
  world: World,
  { base, digest }: { readonly base: URL; readonly digest: string | undefined },
  { kind, istiod: { version, deployment } }: Wanted,
): Promise<OpenedPackage> {
  const isIstios = base.href === ISTIO_RELEASES;
  const what = nameOf(version, kind);
  if (isIstios && !isIstioRelease(version))
    throw packageProblems.versionUnknown({ deployment, reason: `has ${shown(version)}, which is no release of Istio` });
  if (isIstios && !PUBLISHED_ARCHITECTURES.includes(kind.architecture))
    throw packageProblems.notPublished({ what, where: base.href });
  const url = new URL(packagePath(version, kind), base);
  return await openDownloaded(world, { url, sha256: digest ?? (await publishedChecksum(world, { url, what })) });
}

/** A copy of Istio's releases, or a folder with the file alone. */
async function inDirectory(
  world: World,
  { folder, digest }: { readonly folder: string; readonly digest: string | undefined },
  { kind, istiod: { version } }: Wanted,
): Promise<OpenedPackage> {
  const places = [packagePath(version, kind), packageFile(kind)].map((path) => join(folder, path));
  const there = await Promise.all(places.map(isFile));
  const path = places.find((_place, index) => there[index]);
  if (path === undefined) throw packageProblems.notPublished({ what: nameOf(version, kind), where: folder });
  return await openWithChecksum(world, path, digest);
}

/** `Istio 1.29.1 as .deb for arm64` */
function nameOf(version: string, { format, architecture }: PackageKind): string {
  return `Istio ${version} as .${format} for ${architecture}`;
}

function pathOf({ source }: OpenedPackage): string {
  return 'file' in source ? source.file : SIDECAR_PACKAGE;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
