import { first, lines } from '../../vm/preflight/probe.ts';
import { loginDirectory, PLATFORM_ADDRESS, platformAgent } from '../../vm/preflight/remote-logins.ts';
import type { Seen } from '../check.ts';
import { note, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** Programs that query sssd or the metadata server, which is never captured. */
const KNOWN_KEY_COMMANDS = /(?:google_authorized_keys|sss_ssh_authorizedkeys|eic_run_authorized_keys)$/;

/** Logins that depend on another machine. */
export const loginChecks: readonly MachineCheck[] = [
  note('capture', 'directory-login', 'logins reach their directory', directory),
  risk('capture', 'network-login', 'no login goes through the sidecar', secondFactor),
  note('capture', 'os-login', 'OS Login reaches the metadata server', metadata),
  note('capture', 'platform-agent', "the platform's agent reaches it", platform),
];

function directory({ machine }: MachineFacts): readonly Seen[] {
  const found = loginDirectory(machine);
  if (!found) return [];
  const { sources, hosts, ports } = found;
  const detail = `Logins use a directory (${sources.join(', ')}${hosts.length > 0 ? `: ${hosts.join(', ')}` : ''}). Its ports ${ports.join(', ')} on other machines stay out of capture.`;
  const hint =
    "They are in ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE of cluster.env: the mesh's own services on these ports are reached without mutual TLS.";
  return [{ ok: true, detail, hint }];
}

/** The addresses of such a service change and its port is common, so capture cannot exclude it permanently. */
function secondFactor({ machine }: MachineFacts): readonly Seen[] {
  const pam = lines(machine, 'pam').filter((name) => /^(?:duo|okta|yubico)$/.test(name));
  const command = first(machine, 'keys-command');
  const hosts = lines(machine, 'login').flatMap((line) => /^duo (\S+)/.exec(line)?.[1] ?? []);
  const asked = [
    ...pam.map((name) => `pam_${name}${name === 'duo' && hosts[0] !== undefined ? ` of ${hosts[0]}` : ''}`),
    ...(command === '' || KNOWN_KEY_COMMANDS.test(command) ? [] : [`AuthorizedKeysCommand ${command}`]),
  ];
  if (asked.length === 0) return [];
  const detail = `Logins depend on another machine (${asked.join(', ')}) through the sidecar: if the sidecar hangs, these logins hang too.`;
  const hint =
    'Exclude its addresses: meshx configure VM --set ISTIO_SERVICE_EXCLUDE_CIDR=RANGES, and keep a login that does not need it: a key for root, or a console login.';
  return [{ ok: false, detail, hint }];
}

/** OS Login and the guest agent use the metadata server, which capture always excludes. */
function metadata({ machine }: MachineFacts): readonly Seen[] {
  const nss = lines(machine, 'nsswitch').some((line) => /^passwd:.*\boslogin\b/.test(line));
  const pam = lines(machine, 'pam').some((name) => name.startsWith('oslogin'));
  if (!nss && !pam) return [];
  return [{ ok: true, detail: 'OS Login decides who may log in: its server 169.254.169.254 is never captured.' }];
}

/** Azure's agent sets keys and users, which it reads from this address. */
function platform({ machine }: MachineFacts): readonly Seen[] {
  const agent = platformAgent(machine);
  if (agent === undefined) return [];
  return [
    {
      ok: true,
      detail: `${agent} connects to the platform at ${PLATFORM_ADDRESS}: that address stays out of capture.`,
    },
  ];
}
