import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { unsupportedSkew } from '../../mesh/version-skew.ts';
import { machinePackages } from '../../vm/preflight/machine-packages.ts';
import { architecture, DEBIAN_ARCHITECTURES, parseOsRelease, platformState } from '../../vm/preflight/platforms.ts';
import { first, lines, NEEDED_PROGRAMS, SIDECAR_PROGRAMS } from '../../vm/preflight/probe.ts';
import type { Seen } from '../check.ts';
import { error, note, onImages, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** RHEL 8 has it; the units use nothing newer. */
const OLDEST_SYSTEMD = 239;
/** For a package of unknown size: the package, its binaries and the logs of the first hour. */
const ROOM = 400 * 1024 * 1024;
/** istiod backdates certificates by two minutes; half of that leaves room for drift. */
const SKEW_LIMIT = 60;
const SKEW_NOTE = 5;

/** The operating system, its programs and its disk. */
export const systemChecks: readonly MachineCheck[] = [
  { ...risk('vm', 'untested-os', 'meshx knows the operating system', osUntested), id: 'os-untested' },
  note('vm', 'os-written', 'meshx is tested on the operating system', osWritten),
  error('vm', 'architecture-other', 'the package is for the architecture', architectureOther),
  error('vm', 'package-format', 'the system can read the package format', packageFormat),
  error('vm', 'dnsmasq-missing', 'dnsmasq is installed for a classic mesh', dnsmasqMissing),
  error('vm', 'programs-missing', 'the programs that the units need are installed', programsMissing),
  risk('vm', 'version-skew', 'the version of the package fits istiod', packageSkew),
  note('vm', 'installed-skew', 'the installed sidecar fits istiod', installedSkew),
  error('vm', 'disk-full', 'the sidecar fits on the disk', diskFull),
  error('vm', 'etc-istio-directory', '/etc/istio can be a link', etcIstioDirectory),
].map(onImages);

/** systemd and the clock, by which tokens and certificates are dated. */
export const runtimeChecks: readonly MachineCheck[] = [
  error('vm', 'systemd-missing', 'systemd is new enough', systemdMissing),
  error('vm', 'clock-skew', 'the clock is right', clockSkew),
];

function osUntested({ files }: MachineFacts): readonly Seen[] {
  const os = parseOsRelease(lines(files, 'os'));
  if (platformState(os) !== 'unsupported') return [];
  const hint = 'See the supported systems in docs/platforms.md.';
  return [{ ok: false, detail: `meshx is not tested on ${os.name || 'an unknown system'}.`, hint }];
}

function osWritten({ files }: MachineFacts): readonly Seen[] {
  const os = parseOsRelease(lines(files, 'os'));
  if (platformState(os) !== 'untested') return [];
  const detail = `${os.name || 'an unknown system'} is supported according to its documentation, without a test.`;
  return [{ ok: false, detail, hint: 'See docs/platforms.md.' }];
}

function architectureOther({ files, input: { package: wanted } }: MachineFacts): readonly Seen[] {
  const found = architecture(files);
  const name = wanted?.architecture ?? '';
  const needed = DEBIAN_ARCHITECTURES[name] ?? name;
  if (['', 'all', 'noarch', found].includes(needed)) return [];
  const detail = `The package is for ${needed}, the machine is ${found || 'of an unknown architecture'}.`;
  const hint = found === '' ? 'Look at it on the machine: uname -m' : `Use the package for ${found}.`;
  return [{ ok: false, detail, hint }];
}

function packageFormat({ files, input: { package: wanted } }: MachineFacts): readonly Seen[] {
  const program = { deb: 'dpkg', rpm: 'rpm', directory: undefined }[wanted?.format ?? 'directory'];
  if (!program || lines(files, 'program').includes(program)) return [];
  const hint = 'Use the package in the format of this system, or a directory of binaries.';
  return [{ ok: false, detail: `The machine has no ${program} for a .${wanted?.format} package.`, hint }];
}

function dnsmasqMissing({ files, input: { generation } }: MachineFacts): readonly Seen[] {
  if (meshGeneration(generation).capturesDns || lines(files, 'program').includes('dnsmasq')) return [];
  const hint = 'Install it on the VM: apt-get install dnsmasq, or: dnf install dnsmasq';
  return [{ ok: false, detail: 'A classic mesh needs dnsmasq on the VM.', hint }];
}

function programsMissing({ files }: MachineFacts): readonly Seen[] {
  const found = lines(files, 'program');
  const missing: string[] = NEEDED_PROGRAMS.filter((name) => !found.includes(name));
  if (!['iptables', 'iptables-nft', 'iptables-legacy'].some((name) => found.includes(name))) missing.push('iptables');
  if (found.includes('find-without-printf')) missing.push('GNU find');
  if (missing.length === 0) return [];
  const hint =
    'Install them on the VM; their packages are iproute2 (iproute), iptables, util-linux, findutils, gawk or mawk.';
  return [{ ok: false, detail: `The machine has no ${missing.join(', no ')}.`, hint }];
}

function packageSkew({ input: { package: wanted, istiodVersion } }: MachineFacts): readonly Seen[] {
  const skew = unsupportedSkew(wanted?.version ?? '', istiodVersion ?? '');
  if (!skew) return [];
  const detail = `The package has version ${wanted?.version}, and istiod ${istiodVersion}: ${skew.why}.`;
  return [{ ok: false, detail, hint: 'Leave out --package. Without it, the package of istiod is found.' }];
}

/** Nothing is installed here, and the sidecar runs already: so it is a note. */
function installedSkew({ files, input: { package: wanted, finds, istiodVersion } }: MachineFacts): readonly Seen[] {
  const { installed = '' } = machinePackages(files);
  const skew = unsupportedSkew(installed, istiodVersion ?? '');
  if (wanted || finds === 'always' || !skew) return [];
  const detail = `The sidecar has version ${installed}, and istiod ${istiodVersion}: ${skew.why}.`;
  return [{ ok: false, detail, hint: 'Add --upgrade to install the package of the version of istiod.' }];
}

function diskFull({ files, input }: MachineFacts): readonly Seen[] {
  const wanted = input.package ?? (willFind(files, input) ? {} : undefined);
  if (!wanted) return [];
  // The package, and about three times its size unpacked.
  const needed = wanted.bytes === undefined ? ROOM : Math.max(wanted.bytes * 4, 16 * 1024 * 1024);
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
  const full = lines(files, 'disk').flatMap((line) => {
    const [kibibytes = '', mount = ''] = line.split(' ');
    return Number(kibibytes) * 1024 < needed ? [`${mount} has ${mebibytes(Number(kibibytes) * 1024)} left`] : [];
  });
  if (full.length === 0) return [];
  const detail = `The sidecar does not fit: ${[...new Set(full)].join(', ')}.`;
  return [{ ok: false, detail, hint: `Free ${mebibytes(needed)}.` }];
}

function willFind(files: MachineFacts['files'], { finds }: MachineFacts['input']): boolean {
  if (finds !== 'if-missing') return finds !== undefined;
  return SIDECAR_PROGRAMS.some((path) => !lines(files, 'sidecar').includes(path));
}

function etcIstioDirectory({ files }: MachineFacts): readonly Seen[] {
  if (first(files, 'etc-istio') !== 'directory') return [];
  const hint = 'Move its content to /var/lib/istio, and remove the directory.';
  return [{ ok: false, detail: '/etc/istio is a directory, where Istio has a link to /var/lib/istio.', hint }];
}

function systemdMissing({ machine }: MachineFacts): readonly Seen[] {
  const version = Number(/^systemd (\d+)/.exec(first(machine, 'systemd'))?.[1] ?? 0);
  if (version >= OLDEST_SYSTEMD) return [];
  const old = `systemd ${version} is too old; the units need ${OLDEST_SYSTEMD}.`;
  const detail = version === 0 ? 'systemd does not run the machine.' : old;
  return [{ ok: false, detail, hint: 'Use a machine that boots with systemd; see docs/platforms.md.' }];
}

/** Compares the machine's clock with the operator's. */
function clockSkew({ machine, now }: MachineFacts): readonly Seen[] {
  const skew = Math.round(Number(first(machine, 'clock')) - now.getTime() / 1000);
  const size = Math.abs(skew);
  if (size <= SKEW_NOTE) return [];
  const detail = `The machine's clock is ${size} s ${skew < 0 ? 'behind' : 'ahead of'} this one.`;
  const severity = size > SKEW_LIMIT ? 'error' : 'note';
  return [{ ok: false, detail, severity, hint: 'Set it: timedatectl set-ntp true' }];
}
