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

/** What a command knows about how to reach a machine. All of it is optional but the operator's home and environment. */
export interface ConnectOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** In place of ~/.ssh/config and /etc/ssh/ssh_config; `none` for no configuration. */
  readonly sshConfig?: string;
  /** In place of UserKnownHostsFile. */
  readonly knownHosts?: string;
  /** `SHA256:…`: exactly this host key is trusted, and no other. */
  readonly hostKeyFingerprint?: string;
  /** Trusts a key of a host that is not known, says so by `note` and records it. Never a changed key. */
  readonly acceptNewHostKey?: boolean;
  /** Lines `type base64` from the cloud, trusted for this host. */
  readonly extraHostKeys?: readonly string[];
  readonly sudoPassword?: () => Promise<string>;
  readonly passphrase?: (file: string) => Promise<string>;
  /** For each of TCP, handshake and authentication; ConnectTimeout or 20 000 when absent. */
  readonly timeoutMs?: number;
  /** Of one command on the machine, in place of its own limit. */
  readonly commandLimitMs?: number;
  /** Between signs of life, of which three may stay without an answer; 10 000 when absent. */
  readonly keepaliveMs?: number;
  readonly signal?: AbortSignal;
  readonly note?: (line: string) => void;
}

const DEFAULT_TIMEOUT_MS = 20_000;

/**
 * A machine over SSH, as the operator's own `ssh` would reach it: SSH configuration, known_hosts, keys, agent, jump hosts.
 * Where it takes a certificate or KnownHostsCommand, the system's ssh is the transport. Throws a Problem.
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
  tellNotFollowed(config, { host: asked.host, user: settings.user }, options);
  try {
    return await walk(hops, options);
  } catch (error) {
    const last = hops.at(-1);
    if (!(error instanceof NeedsOpenSsh) || !last) throw error;
    return bySystemSsh(name, options, { needs: error, hop: last });
  }
}

/** A run logs in more than once; it is said once. */
const told = new Set<string>();

function tellNotFollowed(
  config: ConfigTree,
  asked: { readonly host: string; readonly user: string },
  { note }: ConnectOptions,
): void {
  const lines = notFollowed(config, asked);
  const words = `note: ${asked.host}: meshx does not follow of ssh_config: ${lines.join(', ')}`;
  if (lines.length === 0 || told.has(words)) return;
  told.add(words);
  note?.(words);
}

function named(name: string, options: ConnectOptions) {
  const parsed = parseSshName(name);
  const { user = parsed.user, port = parsed.port } = options;
  const fail = (reason: string) => hostProblems.nameInvalid({ name, reason });
  if (user !== undefined) checkWord('user', user, fail);
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    throw fail(`${port} is not a port (1 to 65535)`);
  }
  return { host: parsed.host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/**
 * From hop to hop; each later one stands on the one before it, and ends it when it ends itself. A hop on the way that only the
 * system's ssh can log in to is left to it, as the next one's way; the next one is judged here as any other.
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
      current = await walkTo(hop, beneath, index === last ? forTarget(options) : forJump(options));
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

const shared = (options: ConnectOptions): HopDecisions => ({
  acceptNewHostKey: options.acceptNewHostKey ?? false,
  knownHosts: options.knownHosts,
  passphrase: options.passphrase,
  keepaliveMs: options.keepaliveMs,
  signal: options.signal,
  note: options.note,
});

/** User, key, fingerprint and the cloud's record speak of the machine itself, not of the way to it. */
const forJump = (options: ConnectOptions): HopDecisions => shared(options);

const forTarget = (options: ConnectOptions): HopDecisions => ({
  ...shared(options),
  identityFile: options.identityFile,
  hostKeyFingerprint: options.hostKeyFingerprint,
  extraHostKeys: options.extraHostKeys,
  sudoPassword: options.sudoPassword,
  commandLimitMs: options.commandLimitMs,
});

async function bySystemSsh(
  name: string,
  options: ConnectOptions,
  { needs, hop: { settings, timeoutMs } }: { readonly needs: NeedsOpenSsh; readonly hop: Hop },
): Promise<Host> {
  const { OpenSshHost } = await import('./openssh-host.ts');
  const { host, user, port } = named(name, options);
  try {
    return await OpenSshHost.connect({
      ...{ why: needs.why, timeoutMs, host, env: options.env },
      ...(needs.hostKey === undefined ? {} : { hostKey: needs.hostKey }),
      // ssh looks in the home of the passwd file; these are of the operator's own.
      ...(needs.refused ? { identities: settings.identityFiles, certificates: settings.certificateFiles } : {}),
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
      ...(options.identityFile === undefined ? {} : { identityFile: options.identityFile }),
      ...(options.sshConfig === undefined ? {} : { sshConfig: options.sshConfig }),
      ...(options.knownHosts === undefined ? {} : { knownHosts: options.knownHosts }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.sudoPassword === undefined ? {} : { sudo: { password: options.sudoPassword } }),
      ...(options.commandLimitMs === undefined ? {} : { limitMs: options.commandLimitMs }),
    });
  } catch (error) {
    throw needs.refused instanceof Problem && error instanceof Problem
      ? refusedTwice(needs, needs.refused, error)
      : error;
  }
}

/** What ssh2 was refused with, and what became of the certificate. */
function refusedTwice({ why }: NeedsOpenSsh, { id, message, hint, issues }: Problem, then: Problem): Problem {
  return new Problem(id, { message, hint, issues: [...issues, `${why}: ${then.message}`] }, then);
}
