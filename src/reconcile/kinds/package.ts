import { reconcileProblems } from '../../problems/reconcile.ts';
import type { Script } from '../../host/run/shell.ts';
import type { Change, Kind, PlannedScript, Source } from '../kind.ts';
import { shellFile } from '../../text-files.ts';

/** A package that the machine fetches from its own repositories. */
interface OfRepository {
  readonly repository: 'apt';
}

/** Software from the operator's side or from the machine's repositories, known by its sha256. */
export interface PackageWant {
  readonly kind: 'package';
  readonly name: string;
  readonly format: 'deb' | 'rpm' | 'directory';
  readonly version: string;
  /** Of the published file, or of a directory's content (`directorySha256`). Another one than the installed is an upgrade. */
  readonly sha256: string;
  /** Debian's name (`amd64`, `arm64`, `all`) or the kernel's (`x86_64`, `aarch64`, `noarch`). */
  readonly architecture: string;
  /** The digest of a file is that of the bytes that are sent: it may be the same package, packed in another way. */
  readonly source: Source | OfRepository;
  /** Programs that the package brings; they must exist and be executable. */
  readonly verify: readonly string[];
  /** The file that names the installed package: `/var/lib/meshx/package`. */
  readonly marker: string;
  /** Where a directory is unpacked; `/` when absent. */
  readonly into?: string;
}

const RECEIVE = shellFile(new URL('./package-receive.root.sh', import.meta.url));
const FETCH = shellFile(new URL('./package-fetch.root.sh', import.meta.url));
const INSTALL = shellFile(new URL('./package-install.root.sh', import.meta.url));

/** A large package on a slow link. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;

const KERNEL_WORDS: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

export const packageKind: Kind<PackageWant> = {
  id: (want) => `package:${want.name}`,
  probe: (want) => ({ name: 'package', args: [want.marker, ...want.verify] }),
  touches: (want) => ({
    paths: [...want.verify, want.marker],
    ...(want.format !== 'directory' && { packages: [want.name] }),
  }),

  changes(want, answer) {
    const [machine = '', ...lines] = answer.stdout.split('\n');
    const end = lines.indexOf('--');
    const [header = '', ...noted] = lines.slice(0, end);
    const present = lines.slice(end + 1).filter((line) => line !== '');
    refuseArchitecture(want, machine);
    const whole = noted.join('\n') === present.join('\n') && want.verify.every((path) => isExecutable(path, present));
    if (header === headerOf(want) && whole) return [];
    return [install(want, header)];
  },
};

/** The package that a script installs, as the marker's first line says it: name, version, format, sha256. */
export function installedBy({ name, args }: Script): string | undefined {
  return name === INSTALL.name ? args[1] : undefined;
}

/** First line of the marker. */
function headerOf({ name, version, format, sha256 }: PackageWant): string {
  return [name, version, format, sha256].join(' ');
}

function isExecutable(path: string, present: readonly string[]): boolean {
  const line = present.find((each) => each.split(' ').slice(3).join(' ') === path);
  const mode = Number.parseInt(line?.split(' ')[2] ?? '0', 8);
  return (mode & 0o111) !== 0;
}

function refuseArchitecture({ name, architecture }: PackageWant, machine: string): void {
  const wanted = KERNEL_WORDS[architecture] ?? architecture;
  if (machine === 'image' || ['all', 'noarch', machine].includes(wanted)) return;
  throw reconcileProblems.packageArchitecture({ name, architecture, machine });
}

function install(want: PackageWant, header: string): Change {
  const [installed, version] = header.split(' ');
  const again = installed === want.name && version === want.version;
  const verb = installed !== want.name ? 'install' : again ? 'install again' : `upgrade from ${version}`;
  const args = [want.format, headerOf(want), want.into ?? '/', want.marker, ...want.verify];
  const script = { ...INSTALL, args };
  return {
    summary: `${verb}: ${want.name} ${want.version}`,
    scripts: [
      { ...bringing(want), timeoutMs: INSTALL_TIMEOUT_MS, early: true },
      { script, timeoutMs: INSTALL_TIMEOUT_MS },
    ],
  };
}

/** How the package gets to the machine. */
function bringing({ source, name, version, format, sha256, marker }: PackageWant): PlannedScript {
  if ('repository' in source) return { script: { ...FETCH, args: [name, version, sha256, marker] } };
  const sent = 'file' in source ? source.sha256 : sha256;
  const script = { ...RECEIVE, args: [format, sent, marker] };
  return { script, source: 'directory' in source ? { ...source, sha256 } : source };
}
