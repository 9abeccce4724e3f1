import type { Finding } from '../finding.ts';
import { hostCidr, type Scanned } from './exclusions.ts';
import { type Answers, first, lines } from './probe.ts';

/** Kerberos, LDAP, password change, LDAP by TLS, and the global catalogue of Active Directory. */
const DIRECTORY_PORTS = [88, 389, 464, 636, 3268, 3269] as const;
const DIRECTORY = /^(?:sss|ldap|winbind)$/;
/** Programs that ask the metadata server, which is never captured, or sssd. */
const KNOWN_KEY_COMMANDS = /(?:google_authorized_keys|sss_ssh_authorizedkeys|eic_run_authorized_keys)$/;

/** Ways to log in that ask another machine: capture must not stand in them. */
export function loginScans(answers: Answers): readonly Scanned[] {
  return [directory(answers), secondFactor(answers), { findings: metadata(answers) }, platform(answers)];
}

/** Users come from a directory: its servers' ports stay out of capture, whichever server answers. */
function directory(answers: Answers): Scanned {
  const sources = lines(answers, 'nsswitch')
    .filter((line) => /^(?:passwd|shadow|group):/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1));
  const users = [...sources, ...lines(answers, 'pam').map((name) => (name === 'krb5' ? 'ldap' : name))];
  const found = [...new Set(users.filter((word) => DIRECTORY.test(word)))];
  if (found.length === 0 || !isUsed(answers, found)) return { findings: [] };
  const servers = lines(answers, 'login')
    .filter((line) => !line.startsWith('duo '))
    .flatMap(serversOf);
  const ports = [...new Set([...DIRECTORY_PORTS, ...servers.flatMap(({ port }) => port ?? [])])].sort((a, b) => a - b);
  const hosts = [...new Set(servers.map(({ host }) => host))];
  const message = `Logins ask a directory (${found.join(', ')}${hosts.length > 0 ? `: ${hosts.join(', ')}` : ''}). Its ports ${ports.join(', ')} on other machines stay out of capture.`;
  const hint =
    'Of ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE in cluster.env: the mesh’s own services on these ports are reached outside mutual TLS.';
  return {
    findings: [{ id: 'directory-login', severity: 'note', message, hint }],
    exclusions: { outboundPorts: ports, cidrs: hosts.flatMap((host) => hostCidr(host) ?? []) },
  };
}

/** Distributions name sss in nsswitch.conf before anybody uses it: it counts when its service runs or a server is named. */
function isUsed(answers: Answers, found: readonly string[]): boolean {
  if (found.some((word) => word !== 'sss')) return true;
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

/** Such a service has addresses that change, on a port that everybody uses: they cannot be kept out of capture for good. */
function secondFactor(answers: Answers): Scanned {
  const pam = lines(answers, 'pam').filter((name) => /^(?:duo|okta|yubico)$/.test(name));
  const command = first(answers, 'keys-command');
  const hosts = lines(answers, 'login').flatMap((line) => /^duo (\S+)/.exec(line)?.[1] ?? []);
  const asked = [
    ...pam.map((name) => `pam_${name}${name === 'duo' && hosts[0] !== undefined ? ` of ${hosts[0]}` : ''}`),
    ...(command === '' || KNOWN_KEY_COMMANDS.test(command) ? [] : [`AuthorizedKeysCommand ${command}`]),
  ];
  if (asked.length === 0) return { findings: [] };
  const message = `Logins ask another machine (${asked.join(', ')}), and that connection would go through the sidecar: while the sidecar hangs, such a login hangs too.`;
  const hint =
    'Keep its addresses out: meshx configure VM --set ISTIO_SERVICE_EXCLUDE_CIDR=RANGES, and have a login that needs none of it: a key for root, or a terminal of the machine.';
  return { findings: [{ id: 'network-login', severity: 'risk', risk: 'network-login', message, hint }] };
}

/** OS Login and the guest agent ask the metadata server, which the capture script always excludes. */
function metadata(answers: Answers): readonly Finding[] {
  const nss = lines(answers, 'nsswitch').some((line) => /^passwd:.*\boslogin\b/.test(line));
  const pam = lines(answers, 'pam').some((name) => name.startsWith('oslogin'));
  if (!nss && !pam) return [];
  const message = 'OS Login decides who may log in: its server 169.254.169.254 is never captured.';
  return [{ id: 'os-login', severity: 'note', message, hint: '' }];
}

/** Azure's agent sets keys and users; it asks this address of the platform, and nothing else must answer for it. */
function platform(answers: Answers): Scanned {
  const agent = lines(answers, 'unit').find((unit) => /^(?:walinuxagent|waagent)\.service$/.test(unit));
  if (agent === undefined) return { findings: [] };
  const message = `${agent} asks the platform at 168.63.129.16: that address stays out of capture.`;
  return {
    findings: [{ id: 'platform-agent', severity: 'note', message, hint: '' }],
    exclusions: { cidrs: ['168.63.129.16/32'] },
  };
}
