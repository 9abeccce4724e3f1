import { SIDECAR_PACKAGE, type PackageKind } from '../../mesh/istio-package.ts';
import { unsupportedSkew } from '../../mesh/version-skew.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import type { OfferedPackage } from '../../vm/preflight/machine-packages.ts';
import { type OpenedPackage, PACKAGE_PLACES } from '../../vm/sidecar-package.ts';

/** What the repositories of a VM were found to have. */
export interface Offering {
  readonly vm: string;
  readonly offered?: OfferedPackage;
}

/**
 * The package that the VM's own repositories offer. The VM fetches it itself; its digest is that of apt's signed index. Pure. Throws
 * `package-not-offered` and `package-sha256-wrong`.
 */
export function offeredPackage(
  { vm, offered }: Offering,
  {
    kind,
    istiod,
    sha256,
  }: { readonly kind: PackageKind; readonly istiod: string; readonly sha256: string | undefined },
): OpenedPackage {
  const refuse = (reason: string) => packageProblems.notOffered({ vm, reason });
  if (kind.format !== 'deb') throw refuse('are not those of apt, and no others are asked');
  if (!offered) throw refuse(`offer no ${SIDECAR_PACKAGE}`);
  const { version } = offered;
  const skew = unsupportedSkew(version, istiod);
  if (skew) throw refuse(`offer ${SIDECAR_PACKAGE} ${version}, and istiod has ${istiod}: ${skew.why}`);
  if (sha256 !== undefined && sha256 !== offered.sha256)
    throw packageProblems.sha256Wrong({
      path: `${SIDECAR_PACKAGE} ${version} on ${vm}`,
      wanted: sha256,
      found: offered.sha256,
    });
  return { ...offered, ...PACKAGE_PLACES, name: SIDECAR_PACKAGE, format: 'deb', source: { repository: 'apt' } };
}
