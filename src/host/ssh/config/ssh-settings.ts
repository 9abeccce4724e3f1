import { join } from 'node:path';
import { hostProblems } from '../../../problems/host.ts';
import { type ConfigValues } from './ssh-config.ts';
import { checkWord, parseSshName, type SshName } from '../ssh-name.ts';

/** How to reach one machine: the given options, the SSH configuration and OpenSSH's defaults, in this order. */
export interface SshSettings {
  /** As the operator gave it. */
  readonly alias: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** Of CertificateFile; certificates beside identity files are read when needed. */
  readonly certificateFiles: readonly string[];
  /** Whether the configuration names the files; default files may be missing. */
  readonly identitiesNamed: boolean;
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket. */
  readonly agent: string | undefined;
  readonly jumps: readonly SshName[];
  readonly proxyCommand: string | undefined;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly revokedHostKeys: readonly string[];
  readonly knownHostsCommand: string | undefined;
  readonly hostKeyAlias: string | undefined;
  readonly hashKnownHosts: boolean;
  /** StrictHostKeyChecking is `yes`: no one is asked about an unknown host key. */
  readonly strictHostKeys: boolean;
  readonly connectTimeoutMs: number | undefined;
  /** Absent if names are not canonicalized. */
  readonly canonicalize?: Canonicalize;
}

/** CanonicalizeHostname and its related keywords. */
export interface Canonicalize {
  readonly domains: readonly string[];
  readonly maxDots: number;
  readonly fallbackLocal: boolean;
  /** `NAMES:TARGETS`, both lists of patterns. */
  readonly permittedCnames: readonly string[];
}

export interface SettingsInput {
  readonly asked: SshName;
  readonly values: ConfigValues;
  readonly home: string;
  readonly localUser: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Pure. Throws a Problem with all invalid values. */
export function sshSettings(input: SettingsInput): SshSettings {
  const { asked, values, home, localUser, env } = input;
  const issues: string[] = [];
  const first = (keyword: string) => values.get(keyword)?.[0];
  const yes = (keyword: string) => ['yes', 'true'].includes(first(keyword)?.toLowerCase() ?? '');
  const unlessNone = (keyword: string) => (first(keyword)?.toLowerCase() === 'none' ? undefined : first(keyword));
  const fail = (reason: string) => hostProblems.nameInvalid({ name: asked.host, reason });
  const user = asked.user ?? first('user') ?? localUser;
  const address = (first('hostname') ?? '%h').replace(/%[h%]/g, (token) => (token === '%h' ? asked.host : '%'));
  const port = asked.port ?? parsePort(first('port'), issues);
  checkWord('host', address, fail);
  checkWord('user', user, fail);
  const tokens: Readonly<Record<string, string>> = {
    ...{ '%': '%', d: home, h: address, n: asked.host, p: String(port), r: user, u: localUser },
    k: first('hostkeyalias') ?? asked.host,
  };
  const expand = (text: string) => expandTokens(text, tokens, issues);
  const { path, paths } = pathReader(input, expand);
  const ssh = (name: string) => join(home, '.ssh', name);
  const settings = {
    ...{ alias: asked.host, address, port, user },
    identityFiles: paths('identityfile', DEFAULT_IDENTITIES.map(ssh)),
    certificateFiles: paths('certificatefile', []),
    identitiesNamed: values.has('identityfile'),
    identitiesOnly: yes('identitiesonly'),
    agent: agentSocket(first('identityagent'), env, path),
    jumps: parseJumps(mapped(first('proxyjump'), expand)),
    proxyCommand: mapped(unlessNone('proxycommand'), expand),
    userKnownHosts: paths('userknownhostsfile', [ssh('known_hosts'), ssh('known_hosts2')]),
    globalKnownHosts: paths('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    revokedHostKeys: paths('revokedhostkeys', []),
    knownHostsCommand: unlessNone('knownhostscommand'),
    hostKeyAlias: first('hostkeyalias'),
    ...{ hashKnownHosts: yes('hashknownhosts'), strictHostKeys: yes('stricthostkeychecking') },
    connectTimeoutMs: parseSeconds(first('connecttimeout'), issues),
  };
  const canonicalize = canonicalRules(values, settings.jumps.length > 0 || settings.proxyCommand !== undefined);
  if (issues.length > 0) throw hostProblems.configInvalid({ files: [`the settings of ${asked.host}`], issues });
  return { ...settings, ...(canonicalize && { canonicalize }) };
}

/** Paths as OpenSSH reads them: `~`, `${VARIABLE}`, tokens, and `none` for no path. */
function pathReader({ values, home, env }: SettingsInput, expand: (text: string) => string) {
  const path = (text: string) =>
    expand(text.replace(/^~(?=\/|$)/, home).replace(/\$\{(\w+)\}/g, (_whole, name: string) => env[name] ?? ''));
  const paths = (keyword: string, otherwise: readonly string[]) => {
    const named = values.get(keyword) ?? otherwise;
    return named.filter((word) => word.toLowerCase() !== 'none').map(path);
  };
  return { path, paths };
}

/** TOKENS of ssh_config(5). An unknown one is an issue, and stays. */
function expandTokens(text: string, tokens: Readonly<Record<string, string>>, issues: string[]): string {
  return text.replace(/%(.)/gs, (whole, token: string) => {
    if (tokens[token] === undefined) issues.push(`${JSON.stringify(text)}: ${whole} is not a token that meshx knows`);
    return tokens[token] ?? whole;
  });
}

/** A proxy resolves names itself, unless the value is `always`. */
function canonicalRules(values: ConfigValues, proxied: boolean): Canonicalize | undefined {
  const word = values.get('canonicalizehostname')?.[0]?.toLowerCase() ?? 'no';
  if (word !== 'always' && (proxied || !['yes', 'true'].includes(word))) return undefined;
  const all = (keyword: string) => (values.get(keyword) ?? []).filter((each) => each.toLowerCase() !== 'none');
  return {
    domains: all('canonicaldomains'),
    maxDots: Number(values.get('canonicalizemaxdots')?.[0] ?? 1),
    fallbackLocal: !['no', 'false'].includes(values.get('canonicalizefallbacklocal')?.[0]?.toLowerCase() ?? 'yes'),
    permittedCnames: all('canonicalizepermittedcnames'),
  };
}

const mapped = (text: string | undefined, change: (text: string) => string) =>
  text === undefined ? undefined : change(text);

function parsePort(text: string | undefined, issues: string[]): number {
  const port = text === undefined ? 22 : /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) issues.push(`Port: ${JSON.stringify(text)} is not a port (1 to 65535)`);
  return port;
}

/** Seconds, or OpenSSH's time format (sshd_config(5), TIME FORMATS): 90, 1m30s. */
function parseSeconds(text: string | undefined, issues: string[]): number | undefined {
  if (text === undefined || text.toLowerCase() === 'none') return undefined;
  const parts = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?$/i.exec(text);
  if (!parts) issues.push(`ConnectTimeout: ${JSON.stringify(text)} is not a time`);
  const [hours, minutes, seconds] = [1, 2, 3].map((at) => Number(parts?.[at] ?? 0));
  const ms = 1000 * ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0));
  return ms > 0 ? ms : undefined;
}

function agentSocket(
  named: string | undefined,
  env: SettingsInput['env'],
  path: (text: string) => string,
): string | undefined {
  if (named === undefined || named === 'SSH_AUTH_SOCK') return env['SSH_AUTH_SOCK'] || undefined;
  if (named.toLowerCase() === 'none') return undefined;
  return named.startsWith('$') && !named.startsWith('${') ? env[named.slice(1)] || undefined : path(named);
}

/** Parses `user@one:22,two`, in the order of the jumps. */
function parseJumps(text: string | undefined): readonly SshName[] {
  if (text === undefined || text.toLowerCase() === 'none') return [];
  return text.split(',').map((one) => parseSshName(one.startsWith('ssh://') ? one : `ssh://${one}`));
}
