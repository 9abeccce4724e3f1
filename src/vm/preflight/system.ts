import type { Finding } from '../finding.ts';
import type { PreflightInput } from '../preflight-input.ts';
import { type Answers, first, lines, NEEDED_PROGRAMS } from './probe.ts';
import { parseOsRelease, platformState } from './platforms.ts';

/** RHEL 8 has it; the units use nothing newer. */
const OLDEST_SYSTEMD = 239;
/** Unpacked binaries, the sent package and logs of a first hour, for a package of unknown size. */
const ROOM = 400 * 1024 * 1024;
/** istiod dates certificates two minutes back; half of it leaves room for the machine to drift. */
const SKEW_LIMIT = 60;
const SKEW_NOTE = 5;

const DEBIAN_WORDS: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', 62: 'amd64', 183: 'arm64' };

/** Debian's word for the machine's architecture; an image tells it by its shell's ELF header. */
export function architecture(answers: Answers): string {
  const word = first(answers, 'machine') || first(answers, 'elf');
  return DEBIAN_WORDS[word] ?? word;
}

/** What the operating system, its programs and its disk say against setup. */
export function systemFindings(answers: Answers, input: PreflightInput, live: boolean): readonly Finding[] {
  return [
    ...osFindings(answers),
    ...architectureFindings(answers, input),
    ...packageFormatFindings(answers, input),
    ...programFindings(answers, input),
    ...diskFindings(answers, input),
    ...folderFindings(answers),
    ...(live ? systemdFindings(answers) : []),
  ];
}

function osFindings(answers: Answers): readonly Finding[] {
  const os = parseOsRelease(lines(answers, 'os'));
  const state = platformState(os);
  const name = os.name || 'an unknown system';
  if (state === 'proved') return [];
  if (state === 'written') {
    return [
      {
        id: 'os-written',
        severity: 'note',
        message: `${name} is supported from its documentation; no test ran on it.`,
        hint: 'See docs/platforms.md.',
      },
    ];
  }
  const hint = 'docs/platforms.md lists the systems that are known.';
  return [
    { id: 'os-untested', severity: 'risk', risk: 'untested-os', message: `Nobody tried meshx on ${name}.`, hint },
  ];
}

function architectureFindings(answers: Answers, { package: wanted }: PreflightInput): readonly Finding[] {
  const found = architecture(answers);
  const word = wanted?.architecture ?? '';
  const needed = DEBIAN_WORDS[word] ?? word;
  if (['', 'all', 'noarch', found].includes(needed)) return [];
  const hint = `Take the package for ${found}.`;
  return [
    {
      id: 'architecture-other',
      severity: 'error',
      message: `The package is for ${needed}, the machine is ${found || 'of an unknown architecture'}.`,
      hint,
    },
  ];
}

function packageFormatFindings(answers: Answers, { package: wanted }: PreflightInput): readonly Finding[] {
  const program = { deb: 'dpkg', rpm: 'rpm', directory: undefined }[wanted?.format ?? 'directory'];
  if (!program || lines(answers, 'program').includes(program)) return [];
  const hint = 'Take the package in the format of this system, or a directory of binaries.';
  return [
    {
      id: 'package-format',
      severity: 'error',
      message: `The machine has no ${program} for a .${wanted?.format} package.`,
      hint,
    },
  ];
}

function programFindings(answers: Answers, { generation }: PreflightInput): readonly Finding[] {
  const found = lines(answers, 'program');
  const missing: string[] = NEEDED_PROGRAMS.filter((name) => !found.includes(name));
  if (!['iptables', 'iptables-nft', 'iptables-legacy'].some((name) => found.includes(name))) missing.push('iptables');
  const classic: Finding[] =
    generation === 'classic' && !found.includes('dnsmasq')
      ? [
          {
            id: 'dnsmasq-missing',
            severity: 'error',
            message: 'A classic mesh needs dnsmasq on the VM.',
            hint: 'Install it on the VM: apt-get install dnsmasq, or: dnf install dnsmasq',
          },
        ]
      : [];
  if (missing.length === 0) return classic;
  const hint = 'Install them on the VM; their packages are iproute2 (iproute), iptables, util-linux, gawk or mawk.';
  return [
    ...classic,
    { id: 'programs-missing', severity: 'error', message: `The machine has no ${missing.join(', no ')}.`, hint },
  ];
}

function diskFindings(answers: Answers, { package: wanted }: PreflightInput): readonly Finding[] {
  if (!wanted) return [];
  // Once as sent, some three times unpacked.
  const needed = wanted.bytes === undefined ? ROOM : Math.max(wanted.bytes * 4, 16 * 1024 * 1024);
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
  const full = lines(answers, 'disk').flatMap((line) => {
    const [kibibytes = '', mount = ''] = line.split(' ');
    return Number(kibibytes) * 1024 < needed ? [`${mount} has ${mebibytes(Number(kibibytes) * 1024)} left`] : [];
  });
  if (full.length === 0) return [];
  const hint = `Make room for ${mebibytes(needed)}.`;
  return [
    {
      id: 'disk-full',
      severity: 'error',
      message: `The sidecar does not fit: ${[...new Set(full)].join(', ')}.`,
      hint,
    },
  ];
}

function folderFindings(answers: Answers): readonly Finding[] {
  if (first(answers, 'etc-istio') !== 'directory') return [];
  const hint = 'Move what is in it to /var/lib/istio, and remove the directory.';
  return [
    {
      id: 'etc-istio-directory',
      severity: 'error',
      message: '/etc/istio is a directory, where Istio has a link to /var/lib/istio.',
      hint,
    },
  ];
}

function systemdFindings(answers: Answers): readonly Finding[] {
  const version = Number(/^systemd (\d+)/.exec(first(answers, 'systemd'))?.[1] ?? 0);
  if (version >= OLDEST_SYSTEMD) return [];
  const message =
    version === 0
      ? 'systemd does not run the machine.'
      : `systemd ${version} is too old; the units need ${OLDEST_SYSTEMD}.`;
  return [
    {
      id: 'systemd-missing',
      severity: 'error',
      message,
      hint: 'Use a machine that systemd boots; docs/platforms.md lists systems.',
    },
  ];
}

/** Compares the machine's clock with the operator's. Tokens and certificates are dated. */
export function clockFindings(answers: Answers, operator: Date): readonly Finding[] {
  const skew = Math.round(Number(first(answers, 'clock')) - operator.getTime() / 1000);
  const size = Math.abs(skew);
  if (size <= SKEW_NOTE) return [];
  const message = `The machine's clock is ${size} s ${skew < 0 ? 'behind' : 'ahead of'} this one.`;
  const hint = 'Set it: timedatectl set-ntp true';
  return [{ id: 'clock-skew', severity: size > SKEW_LIMIT ? 'error' : 'note', message, hint }];
}
