import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { hostProblems } from '../../problems/host.ts';
import type { Host } from '../run/host.ts';
import { canonicalNames } from './config/canonical-name.ts';
import { hop, type Hop, type HopDecisions, route } from './route.ts';
import { NeedsOpenSsh } from './needs-openssh.ts';
import { parseFingerprint } from './fingerprint.ts';
import { notFollowed, readSshConfig } from './config/ssh-config.ts';
import type { ConfigTree } from './config/ssh-config-file.ts';
import { checkWord, parseSshName } from './ssh-name.ts';

/** How to reach a machine. */
export interface ConnectOptions extends HopDecisions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user?: string;
  readonly port?: number;
  /** Used instead of ~/.ssh/config and /etc/ssh/ssh_config; `none` for no configuration. */
  readonly sshConfig?: string;
  /** For each of TCP, handshake and authentication; by default ConnectTimeout, else 20 000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;

/**
 * Connects over SSH as the operator's own `ssh` would: SSH configuration, known_hosts, keys, agent, jump hosts. If that needs a
 * certificate or KnownHostsCommand, the system's ssh is the transport. Throws a Problem.
 */
export async function connect(name: string, options: ConnectOptions): Promise<Host> {
  const asked = named(name, options);
  if (options.hostKeyFingerprint !== undefined) parseFingerprint(options.hostKeyFingerprint);
  const config = await readSshConfig(options.home, options.sshConfig);
  const bare = { config, home: options.home, env: options.env };
  const input = { ...bare, canonical: await canonicalNames(asked, bare) };
  const settings = hop({ ...input, asked });
  const chain = settings.proxyCommand === undefined ? route(settings, input) : [];
  const hops: Hop[] = [...chain, settings].map((one) => ({
    settings: one,
    timeoutMs: options.timeoutMs ?? one.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
  }));
  noteIgnored(config, { host: asked.host, user: settings.user }, options);
  try {
    return await walk(hops, options);
  } catch (error) {
    const last = hops.at(-1);
    if (!(error instanceof NeedsOpenSsh) || !last) throw error;
    return bySystemSsh(name, options, { needs: error, hop: last });
  }
}

/** A run logs in more than once, but notes a keyword once. */
const noted = new Set<string>();

function noteIgnored(
  config: ConfigTree,
  asked: { readonly host: string; readonly user: string },
  { note }: ConnectOptions,
): void {
  const keywords = notFollowed(config, asked);
  const line = `note: ${asked.host}: meshx ignores in ssh_config: ${keywords.join(', ')}`;
  if (keywords.length === 0 || noted.has(line)) return;
  noted.add(line);
  note?.(line);
}

function named(name: string, options: ConnectOptions) {
  const parsed = parseSshName(name);
  const { user = parsed.user, port = parsed.port } = options;
  const fail = (reason: string) => hostProblems.nameInvalid({ name, reason });
  if (user !== undefined) checkWord('user', user, fail);
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    throw fail(`${port} is not a port (1 to 65535)`);
  }
  return { host: parsed.host, ...present({ user, port }) };
}

/**
 * Connects from hop to hop; each connection runs through the previous one, and closes it when it is closed. If only the system's ssh
 * can log in to a jump host, ssh becomes the ProxyCommand of the next hop, whose host key is judged here by the same policy.
 */
async function walk(hops: readonly Hop[], options: ConnectOptions): Promise<Host> {
  const { walkTo } = await import('../walk.ts');
  const last = hops.length - 1;
  let current: Awaited<ReturnType<typeof walkTo>> | undefined;
  let way: string | undefined;
  for (const [index, one] of hops.entries()) {
    const beneath = current;
    const hop = way === undefined ? one : { ...one, settings: { ...one.settings, proxyCommand: way } };
    way = undefined;
    try {
      current = await walkTo(hop, beneath, index === last ? options : forJump(options));
    } catch (error) {
      await beneath?.[Symbol.asyncDispose]();
      const next = hops[index + 1];
      if (!(error instanceof NeedsOpenSsh) || !next) throw error;
      current = undefined;
      way = await jumpBySsh(hops.slice(0, index + 1), next, options);
    }
  }
  if (!current) throw new Error('a route has at least one hop');
  return current;
}

async function jumpBySsh(hops: readonly Hop[], next: Hop, options: ConnectOptions): Promise<string> {
  const { jumpLine } = await import('./openssh-jump.ts');
  const { sshConfig, knownHosts, acceptNewHostKey = false } = options;
  return jumpLine(
    hops.map(({ settings }) => settings),
    next.settings,
    { sshConfig, knownHosts, acceptNewHostKey },
  );
}

/** User, key, fingerprint, cloud keys, password and limit apply to the machine itself, not to its jump hosts. */
const forJump = (options: HopDecisions): HopDecisions => ({
  ...options,
  identityFile: undefined,
  hostKeyFingerprint: undefined,
  extraHostKeys: undefined,
  sudoPassword: undefined,
  commandLimitMs: undefined,
});

async function bySystemSsh(
  name: string,
  options: ConnectOptions,
  { needs, hop: { settings, timeoutMs } }: { readonly needs: NeedsOpenSsh; readonly hop: Hop },
): Promise<Host> {
  const { OpenSshHost } = await import('./openssh-host.ts');
  try {
    return await OpenSshHost.connect({
      ...named(name, options),
      ...{ why: needs.why, hostKey: needs.hostKey, timeoutMs, env: options.env },
      // ssh looks in the home of the passwd file; these are of the operator's own.
      ...(needs.refused && { identities: settings.identityFiles, certificates: settings.certificateFiles }),
      identityFile: options.identityFile,
      sshConfig: options.sshConfig,
      knownHosts: options.knownHosts,
      signal: options.signal,
      sudo: options.sudoPassword && { password: options.sudoPassword },
      limitMs: options.commandLimitMs,
    });
  } catch (error) {
    throw needs.refused instanceof Problem && error instanceof Problem
      ? refusedTwice(needs, needs.refused, error)
      : error;
  }
}

/** The refusal of ssh2, with the failure of the system's ssh. */
function refusedTwice({ why }: NeedsOpenSsh, { id, message, hint, issues }: Problem, then: Problem): Problem {
  return new Problem(id, { message, hint, issues: [...issues, `${why}: ${then.message}`] }, then);
}
