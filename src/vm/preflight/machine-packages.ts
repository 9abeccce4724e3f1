import type { PackageFormat } from '../../mesh/istio-package.ts';
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
    ...(installed !== undefined && { installed }),
  };
}
