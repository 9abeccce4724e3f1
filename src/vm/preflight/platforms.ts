import { type Answers, first } from './probe.ts';

/** Whether a platform is covered by end-to-end tests, supported from its documentation, or neither. */
export type PlatformState = 'tested' | 'untested' | 'unsupported';

/** An operating system, by /etc/os-release. */
export interface OperatingSystem {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  /** Values of ID_LIKE. */
  readonly like: readonly string[];
}

/** docs/platforms.md has the same table; a test compares them. */
export const PLATFORMS: readonly {
  readonly family: string;
  readonly version: string;
  readonly state: PlatformState;
}[] = [
  { family: 'debian', version: '11', state: 'untested' },
  { family: 'debian', version: '12', state: 'tested' },
  { family: 'debian', version: '13', state: 'tested' },
  { family: 'ubuntu', version: '22.04', state: 'untested' },
  { family: 'ubuntu', version: '24.04', state: 'untested' },
  { family: 'rhel', version: '8', state: 'untested' },
  { family: 'rhel', version: '9', state: 'untested' },
];

/** Rebuilds of RHEL that only their ID shows. */
const RHEL_LIKE = new Set(['rhel', 'rocky', 'almalinux', 'centos', 'ol']);

/** The state of a system. Minor releases of RHEL count as their major release. */
export function platformState(os: OperatingSystem): PlatformState {
  const rhel = isRhel(os);
  const family = rhel ? 'rhel' : os.id;
  const version = rhel ? (os.version.split('.')[0] ?? '') : os.version;
  return PLATFORMS.find((known) => known.family === family && known.version === version)?.state ?? 'unsupported';
}

/** RHEL, or a rebuild of it. */
export function isRhel({ id, like }: OperatingSystem): boolean {
  return RHEL_LIKE.has(id) || like.includes('rhel');
}

/** Since which release dpkg unpacks data.tar.zst: 1.21.18 of Debian (2023), and Ubuntu's own change of 2018. */
const ZSTD_SINCE: Readonly<Record<string, number>> = { debian: 12, ubuntu: 18.04 };

/** Whether the system's dpkg unpacks packages of zstd; false if that is not known. */
export function dpkgUnpacksZstd({ id, version }: Pick<OperatingSystem, 'id' | 'version'>): boolean {
  const since = ZSTD_SINCE[id];
  return since !== undefined && Number(version) >= since;
}

/** Parses /etc/os-release (os-release(5)); missing fields are empty. */
export function parseOsRelease(text: readonly string[]): OperatingSystem {
  const fields = new Map(text.map((line) => split(line)));
  const field = (key: string): string => fields.get(key) ?? '';
  return {
    id: field('ID'),
    version: field('VERSION_ID'),
    name: field('PRETTY_NAME') || field('ID'),
    like: field('ID_LIKE').split(/\s+/),
  };
}

function split(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')];
}

/** Debian's names of architectures, by those of the kernel and of ELF headers. */
export const DEBIAN_ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  62: 'amd64',
  183: 'arm64',
};

/** Debian's name of the machine's architecture; for an image, from the ELF header of its shell. */
export function architecture(answers: Answers): string {
  const name = first(answers, 'machine') || first(answers, 'elf');
  return DEBIAN_ARCHITECTURES[name] ?? name;
}
