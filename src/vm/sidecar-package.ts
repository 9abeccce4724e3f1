import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Host } from '../host/run/host.ts';
import { packageProblems } from '../problems/sidecar-package.ts';
import { fileSha256 } from '../reconcile/sha256.ts';
import type { VmPackage } from './input.ts';
import { controlFacts, FOREIGN_COMPRESSION, type PackageFacts, readDeb } from './package/deb.ts';
import { directoryPackage } from './package/directory.ts';
import { readRpm } from './package/rpm.ts';
import { PACKAGE_MARKER } from './places.ts';
import { SIDECAR_PROGRAMS } from './preflight/probe.ts';

export interface PackageRequest {
  /** Path of a .deb, an .rpm or a directory. */
  readonly from: string;
  /** Expected sha256, hexadecimal. */
  readonly sha256?: string;
  /** Relative paths start here. */
  readonly cwd: string;
  /** The operator's machine, for dpkg-deb if Node.js cannot read the package's compression. */
  readonly operator: Host;
  readonly signal: AbortSignal;
}

/** A package that can be sent to VMs. */
export type OpenedPackage = VmPackage & { readonly bytes: number };

/** Where the binaries are, and the file that names the installed package. */
export const PACKAGE_PLACES = {
  verify: SIDECAR_PROGRAMS,
  marker: PACKAGE_MARKER,
} as const;

/**
 * Reads and checks the sidecar's package on the operator's machine, before any VM is changed. Throws the problems of
 * problems/sidecar-package.ts.
 */
export async function openSidecarPackage(request: PackageRequest): Promise<OpenedPackage> {
  const wanted = expectedSha256(request.sha256);
  const path = resolve(request.cwd, request.from);
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw packageProblems.missing(
      { path, reason: cause.code === 'ENOENT' ? 'there is no such file' : cause.message },
      cause,
    );
  });
  if (found.isDirectory()) return directoryPackage(path, PACKAGE_PLACES);
  // A device or a pipe may never end.
  if (!found.isFile()) throw packageProblems.unreadable({ path, reason: 'it is neither a file nor a directory' });

  const sha256 = await fileSha256(path, request.signal);
  if (wanted && sha256 !== wanted) throw packageProblems.sha256Wrong({ path, wanted, found: sha256 });
  const format = path.endsWith('.rpm') ? 'rpm' : 'deb';
  const facts = format === 'rpm' ? await readRpm(path) : await debFacts(path, request);
  return { ...facts, ...PACKAGE_PLACES, format, sha256, source: { file: path, sha256 }, bytes: found.size };
}

/** A digest as it was given, in lower case. Throws `package-sha256-malformed`. */
export function expectedSha256(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[0-9a-f]{64}$/i.test(text)) throw packageProblems.sha256Malformed({ text });
  return text?.toLowerCase();
}

async function debFacts(path: string, { operator, signal }: PackageRequest): Promise<PackageFacts> {
  const facts = await readDeb(path);
  if (facts !== FOREIGN_COMPRESSION) return facts;
  const output = await operator.run({ argv: ['dpkg-deb', '-f', path] }, signal);
  if (output.exitCode !== 0) {
    throw packageProblems.unreadable({
      path,
      reason: 'its control archive is packed by xz or zstd, and dpkg-deb is not here',
    });
  }
  return controlFacts(path, output.stdout);
}
