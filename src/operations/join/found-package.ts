import type { Preflight } from '../../checks/preflight.ts';
import type { PackageKind } from '../../mesh/istio-package.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { dpkgUnpacksZstd } from '../../vm/preflight/platforms.ts';
import type { JoinContext } from './context.ts';
import type { JoinRun } from './run.ts';

/**
 * The context with the package that is found for this VM. It is looked for if the VM has no sidecar, if the installation of one was
 * interrupted, or for an upgrade: a VM that has its package is not asked for it again. A dry run reports what would stop the run.
 * Throws the problems of problems/sidecar-package.ts.
 */
export async function withPackage(
  { vm, observe }: Pick<JoinRun, 'vm' | 'observe'>,
  { context, preflight }: { readonly context: JoinContext; readonly preflight: Preflight },
): Promise<JoinContext> {
  const { findPackage, options } = context;
  if (context.package || !findPackage || !isNeeded(context, preflight)) return context;
  try {
    const offering = { vm, ...present({ offered: preflight.packages.offered }) };
    // A dry run packs nothing for later ones, and nothing travels to an image.
    const isSent = !options.dryRun && options.machine.root === undefined;
    const unpacksZstd = isSent && dpkgUnpacksZstd(preflight.facts.os);
    return { ...context, package: await findPackage({ ...packageKind(vm, preflight), unpacksZstd }, offering) };
  } catch (error) {
    if (!options.dryRun || !(error instanceof Problem)) throw error;
    observe({ kind: 'package-needed', problem: error });
    return context;
  }
}

function packageKind(vm: string, { packages, facts: { architecture } }: Preflight): PackageKind {
  const refuse = (reason: string) => packageProblems.formatUnknown({ vm, reason });
  const [format] = packages.formats;
  if (format === undefined) throw refuse('it has neither dpkg nor rpm');
  // It becomes part of a URL.
  if (!/^[a-z0-9_]+$/.test(architecture)) throw refuse('its architecture cannot be determined');
  return { format, architecture };
}

function isNeeded({ options }: JoinContext, { missing, packages }: Preflight): boolean {
  if (options.only.length > 0 && !options.only.includes('package')) return false;
  return missing.length > 0 || packages.isInterrupted || options.findPackage?.upgrade === true;
}
