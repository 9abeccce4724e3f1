import type { Host } from '../../host/run/host.ts';
import { type Script, scriptCommand } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import type { Change } from '../kind.ts';
import { shellFile } from '../../text-files.ts';

/** A copy of a delivered package on the machine. */
export interface PackageCopy {
  readonly name: string;
  readonly version: string;
  readonly format: 'deb' | 'rpm' | 'directory';
  readonly sha256: string;
  readonly into: string;
  readonly marker: string;
  /** Its programs. */
  readonly verify: readonly string[];
}

export interface PackageCopies {
  /** The installed package. */
  readonly current?: PackageCopy;
  /** The previous package. */
  readonly former?: PackageCopy;
}

const PACKAGE_COPIES = shellFile(new URL('./package-copies.root.sh', import.meta.url));
const PACKAGE_BACK = shellFile(new URL('./package-back.root.sh', import.meta.url));

/** Reads the packages beside the marker, in one round trip. Throws `probe-failed`. */
export async function formerPackage(host: Host, marker: string, signal?: AbortSignal): Promise<PackageCopies> {
  const output = await host.run(scriptCommand({ ...PACKAGE_COPIES, args: [marker] }), signal);
  if (output.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the packages', ...output });
  return parseCopies(output.stdout);
}

/** Pure. */
export function parseCopies(text: string): PackageCopies {
  const installed = /^installed (.*)$/m.exec(text)?.[1];
  const [current, former] = ['current', 'former'].map((word) => {
    const about = new RegExp(`^${word}\n((?:=.*\n?)*)`, 'm').exec(text)?.[1];
    return about === undefined ? undefined : parseAbout(about.split('\n').map((line) => line.slice(1)));
  });
  // A run died before it wrote its marker: its package is stored, but the previous one runs.
  const isCurrent = current !== undefined && (installed === undefined || installed === headerOf(current));
  const before = isCurrent ? former : undefined;
  return { ...(isCurrent && { current }), ...(before && { former: before }) };
}

function parseAbout([header = '', into = '', marker = '', ...verify]: readonly string[]): PackageCopy | undefined {
  const [, name, version, format, sha256] = /^(\S+) (\S+) (deb|rpm|directory) ([0-9a-f]{64})$/.exec(header) ?? [];
  if (!name || !version || !sha256 || into === '' || marker === '') return undefined;
  return { name, version, format: format as 'deb', sha256, into, marker, verify: verify.filter((path) => path !== '') };
}

/** First line of the marker: name, version, format, sha256. */
export function headerOf({ name, version, format, sha256 }: PackageCopy): string {
  return [name, version, format, sha256].join(' ');
}

/** The package that a script restores, as the marker's first line says it. */
export function restoredBy({ name, args }: Script): string | undefined {
  return name === PACKAGE_BACK.name ? args[1] : undefined;
}

/** Installs the former package from the machine's copy; the replaced one becomes the former. */
export function packageBack(former: PackageCopy): Change {
  const { name, version, format, sha256, into, marker, verify } = former;
  const args = [format, headerOf(former), sha256, into, marker, ...verify];
  const script = { ...PACKAGE_BACK, args };
  return { summary: `roll back to ${name} ${version}`, scripts: [{ script, timeoutMs: 10 * 60_000 }] };
}
