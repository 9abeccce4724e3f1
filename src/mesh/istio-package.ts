/** Formats in which Istio publishes its sidecar. */
export type PackageFormat = 'deb' | 'rpm';

/** Which package fits a machine. */
export interface PackageKind {
  readonly format: PackageFormat;
  /** Debian's name: amd64, arm64. */
  readonly architecture: string;
  /** The machine's dpkg unpacks what zstd packed. */
  readonly unpacksZstd?: boolean;
}

/** Where Istio publishes its releases. */
export const ISTIO_RELEASES = 'https://storage.googleapis.com/istio-release/releases/';

/** Name of the package in every format. */
export const SIDECAR_PACKAGE = 'istio-sidecar';

/** The architectures of Istio's release builds. */
export const PUBLISHED_ARCHITECTURES: readonly string[] = ['amd64', 'arm64'];

/** File name of the package. Source: github.com/istio/release-builder, pkg/build/debian.go and rpm.go. */
export function packageFile({ format, architecture }: PackageKind): string {
  const suffix = architecture === 'amd64' ? '' : `-${architecture}`;
  return `${SIDECAR_PACKAGE}${suffix}.${format}`;
}

/** Its place below the folder of the releases: `1.29.1/deb/istio-sidecar-arm64.deb`. */
export function packagePath(version: string, kind: PackageKind): string {
  return `${version}/${kind.format}/${packageFile(kind)}`;
}

/** `1.29.1` of an image tag `1.29.1-distroless`: variants of one image have the same release. */
export function versionOfTag(tag: string): string {
  return tag.replace(/-(distroless|debug)$/, '');
}

/**
 * Whether Istio publishes packages of this version: a release, or an alpha, beta or candidate of one. Builds of a commit
 * (`1.29-alpha.…`) and versions of vendors are published elsewhere, if at all.
 */
export function isIstioRelease(version: string): boolean {
  return /^\d{1,3}\.\d{1,3}\.\d{1,3}(-(alpha|beta|rc)\.\d{1,3})?$/.test(version);
}

/** Whether a version may become part of a path or of a URL. */
export function isVersionWord(version: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(version) && !version.includes('..');
}

/** The digest of a published `.sha256` file: `HEX FILE`, or the digest alone; undefined for any other text. */
export function publishedDigest(text: string): string | undefined {
  return /^([0-9a-f]{64})(?:[ \t]+\*?[\w.+~-]+)?\s*$/i.exec(text)?.[1]?.toLowerCase();
}
