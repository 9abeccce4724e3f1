import { parseVersion, type Version } from './version.ts';

/** Why istiod does not support a sidecar, in words. */
export interface UnsupportedSkew {
  readonly is: 'ahead' | 'behind';
  readonly why: string;
}

/**
 * Istio's rule: istiod may be one minor version ahead of a sidecar, and a sidecar never ahead of istiod. Source:
 * https://istio.io/latest/docs/releases/supported-releases/. undefined if the versions fit, or a text names none.
 */
export function unsupportedSkew(sidecar: string, istiod: string): UnsupportedSkew | undefined {
  const [own, theirs] = [parseVersion(sidecar), parseVersion(istiod)];
  if (!own || !theirs) return undefined;
  const ahead = minors(own) - minors(theirs);
  if (ahead > 0) return { is: 'ahead', why: 'Istio supports no sidecar that is ahead of istiod' };
  if (ahead < -1) return { is: 'behind', why: 'Istio supports a sidecar that is one minor version behind' };
  return undefined;
}

function minors({ major, minor }: Version): number {
  return major * 1000 + minor;
}
