import { hostCidr } from './addresses.ts';
import { type Answers, lines } from './probe.ts';

/** Kerberos, LDAP, password change, LDAP by TLS, and the global catalogue of Active Directory. */
const DIRECTORY_PORTS = [88, 389, 464, 636, 3268, 3269] as const;
const DIRECTORY = /^(?:sss|ldap|winbind)$/;

/** The address from which Azure's agent reads keys and users. */
export const PLATFORM_ADDRESS = '168.63.129.16';

/** A directory service for logins. */
export interface LoginDirectory {
  /** Names in nsswitch.conf and PAM: sss, ldap, winbind. */
  readonly sources: readonly string[];
  readonly hosts: readonly string[];
  /** The hosts that are addresses. */
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

/** The directory of the machine's users. Capture excludes its ports, because a login may be answered by any of its servers. */
export function loginDirectory(answers: Answers): LoginDirectory | undefined {
  const named = lines(answers, 'nsswitch')
    .filter((line) => /^(?:passwd|shadow|group):/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1));
  const users = [...named, ...lines(answers, 'pam').map((name) => (name === 'krb5' ? 'ldap' : name))];
  const sources = [...new Set(users.filter((word) => DIRECTORY.test(word)))];
  if (sources.length === 0 || !isUsed(answers, sources)) return undefined;
  const servers = lines(answers, 'login')
    .filter((line) => !line.startsWith('duo '))
    .flatMap(serversOf);
  const ports = [...new Set([...DIRECTORY_PORTS, ...servers.flatMap(({ port }) => port ?? [])])].sort((a, b) => a - b);
  const hosts = [...new Set(servers.map(({ host }) => host))];
  return { sources, hosts, ports, cidrs: hosts.flatMap((host) => hostCidr(host) ?? []) };
}

/** Distributions list sss in nsswitch.conf by default: it is used if its service runs or a server is configured. */
function isUsed(answers: Answers, sources: readonly string[]): boolean {
  if (sources.some((word) => word !== 'sss')) return true;
  return (
    lines(answers, 'unit').includes('sssd.service') || lines(answers, 'login').some((line) => !line.startsWith('duo '))
  );
}

interface Server {
  readonly host: string;
  readonly port?: number;
}

/** Parses `ldap_uri ldaps://a:3269,ldap://b` or `ad_server dc1, _srv_`. */
function serversOf(line: string): readonly Server[] {
  return line
    .replace(/^\S+ /, '')
    .split(/[\s,]+/)
    .flatMap((word) => {
      const [, host, port] = /^(?:ldaps?:\/\/)?(\[[^\]]+\]|[^:/[\]]+)(?::(\d+))?\/?$/i.exec(word) ?? [];
      if (host === undefined || host === '_srv_') return [];
      return [{ host, ...(port !== undefined && { port: Number(port) }) }];
    });
}

/** The unit of Azure's agent, which reads keys and users from PLATFORM_ADDRESS. */
export function platformAgent(answers: Answers): string | undefined {
  return lines(answers, 'unit').find((unit) => /^(?:walinuxagent|waagent)\.service$/.test(unit));
}
