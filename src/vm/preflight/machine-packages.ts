import type { PackageFormat } from '../../mesh/istio-package.ts';
import { present } from '../../present.ts';
import { isRhel, parseOsRelease } from './platforms.ts';
import { type Answers, first, lines } from './probe.ts';

/** The packages of a machine, as far as a join needs to know them. */
export interface MachinePackages {
  /** Formats that the machine can install, its own first. */
  readonly formats: readonly PackageFormat[];
  /** Version of the sidecar's package that meshx installed. */
  readonly installed?: string;
  /** The installation was interrupted: programs may be there, and others not. */
  readonly isInterrupted: boolean;
  /** What the machine's repositories offer, if they were asked. */
  readonly offered?: OfferedPackage;
}

/** A package that apt would install, as its signed index describes it. */
export interface OfferedPackage {
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  readonly bytes: number;
}

const PROGRAMS: Readonly<Record<PackageFormat, string>> = { deb: 'dpkg', rpm: 'rpm' };

/** Reads them from the probe's answers. Pure. */
export function machinePackages(answers: Answers): MachinePackages {
  const programs = lines(answers, 'program');
  const own: readonly PackageFormat[] = isRhel(parseOsRelease(lines(answers, 'os'))) ? ['rpm', 'deb'] : ['deb', 'rpm'];
  const header = first(answers, 'package');
  // The marker's first line: name, version, format, digest.
  const [, installed] = /^\S+ (\S+) (?:deb|rpm) [0-9a-f]{64}$/.exec(header) ?? [];
  return {
    formats: own.filter((format) => programs.includes(PROGRAMS[format])),
    isInterrupted: header === 'interrupted',
    ...present({ installed, offered: offeredPackage(lines(answers, 'offered')) }),
  };
}

/** A record of apt-cache(8). Its version becomes an argument of apt-get. */
function offeredPackage(record: readonly string[]): OfferedPackage | undefined {
  const field = (key: string, form: RegExp): string | undefined => {
    const value = record
      .find((line) => line.startsWith(`${key}: `))
      ?.slice(key.length + 2)
      .trim();
    return value !== undefined && form.test(value) ? value : undefined;
  };
  const version = field('Version', /^[0-9][\w.+:~-]*$/);
  const architecture = field('Architecture', /^[a-z0-9-]+$/);
  const sha256 = field('SHA256', /^[0-9a-f]{64}$/);
  if (version === undefined || architecture === undefined || sha256 === undefined) return undefined;
  return { version, architecture, sha256, bytes: Number(field('Size', /^\d+$/) ?? 0) };
}
