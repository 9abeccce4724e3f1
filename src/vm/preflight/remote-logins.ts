import { hostCidr } from './cidr.ts';
import { type Answers, lines } from './probe.ts';

/** Kerberos, LDAP, password change, LDAP by TLS, and the global catalogue of Active Directory. */
const DIRECTORY_PORTS = [88, 389, 464, 636, 3268, 3269] as const;
const DIRECTORY = /^(?:sss|ldap|winbind)$/;

/** Where the platform's agent gets keys and users from. */
export const PLATFORM_ADDRESS = '168.63.129.16';

/** A directory that logins ask. */
export interface LoginDirectory {
  /** Words of nsswitch.conf and PAM: sss, ldap, winbind. */
  readonly sources: readonly string[];
  readonly hosts: readonly string[];
  /** Those of the hosts that are addresses. */
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

/** Users come from a directory: its servers' ports stay out of capture, whichever server answers. */
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

/** Distributions name sss in nsswitch.conf before anything uses it: it counts when its service runs or a server is named. */
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

/** `ldap_uri ldaps://a:3269,ldap://b`, `ad_server dc1, _srv_`. */
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

/** The unit of Azure's agent, which sets keys and users: nothing else must answer for the address that it asks. */
export function platformAgent(answers: Answers): string | undefined {
  return lines(answers, 'unit').find((unit) => /^(?:walinuxagent|waagent)\.service$/.test(unit));
}
