/** A version as `1.29.1`. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `1.29.1`, `v1.35.4+k3s1` or `1.29`; undefined for any other text. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch = '0'] = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d.])/.exec(text) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** Below 0 if the first version is older. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** Where a defect is: from `since` on, and fixed in one release of each minor version that got the fix. */
export interface AffectedVersions {
  readonly since?: string;
  readonly fixedIn: readonly string[];
}

/**
 * Whether a version has the defect. A minor version without a fix of its own has it if it is older than all that have one, and is free
 * of it if it is newer.
 */
export function isAffected(version: Version, { since, fixedIn }: AffectedVersions): boolean {
  const first = since === undefined ? undefined : parseVersion(since);
  if (first && compareVersions(version, first) < 0) return false;
  const fixes = fixedIn.map(parseVersion).filter((fix) => fix !== undefined);
  const sameMinor = fixes.find(({ major, minor }) => major === version.major && minor === version.minor);
  if (sameMinor) return version.patch < sameMinor.patch;
  return fixes.every((fix) => compareVersions(version, fix) < 0);
}
