import { present } from '../../present.ts';
import { hostProblems } from '../../problems/host.ts';
import { configValues } from './config/ssh-config.ts';
import type { ConfigTree } from './config/ssh-config-file.ts';
import type { SshName } from './ssh-name.ts';
import { type SshSettings, sshSettings } from './config/ssh-settings.ts';

/** One machine of a route. */
export interface Hop {
  readonly settings: SshSettings;
  readonly timeoutMs: number;
}

/** A host key that no known_hosts file has. */
export interface UnknownHostKey {
  /** The operator's name for the machine. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** As OpenSSH names it: ED25519. */
  readonly type: string;
  readonly fingerprint: string;
  /** Its picture, as lines. */
  readonly art: readonly string[];
}

/** What the operator decided about the login to one machine. */
export interface HopDecisions {
  readonly identityFile?: string | undefined;
  /** `SHA256:…`: the only host key that is trusted. */
  readonly hostKeyFingerprint?: string | undefined;
  /** Trusts and records the key of an unknown host, and reports it to `note`. Never a changed key. */
  readonly acceptNewHostKey?: boolean | undefined;
  /** Asks a person about the key of an unknown host. Absent without a terminal, where it is refused. */
  readonly confirmHostKey?: ((unknown: UnknownHostKey) => Promise<boolean>) | undefined;
  /** The unknown key that was confirmed. */
  readonly acceptedHostKey?: Buffer | undefined;
  /** Lines `type base64` from the cloud, trusted for this host. */
  readonly extraHostKeys?: readonly string[] | undefined;
  /** Used instead of UserKnownHostsFile. */
  readonly knownHosts?: string | undefined;
  readonly sudoPassword?: (() => Promise<string>) | undefined;
  readonly passphrase?: ((file: string) => Promise<string>) | undefined;
  /** Milliseconds between keepalives; 10 000 by default. The connection ends after three without an answer. */
  readonly keepaliveMs?: number | undefined;
  /** Replaces the time limit of each command on the machine. */
  readonly commandLimitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly note?: ((line: string) => void) | undefined;
}

export interface RouteInput {
  readonly config: ConfigTree;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Canonical names (CanonicalizeHostname) by the names as given. */
  readonly canonical?: ReadonlyMap<string, string>;
}

const MOST_JUMPS = 8;

/** The settings of one machine. Pure. Throws a Problem for invalid values. */
export function hop({ asked, config, home, env, canonical }: RouteInput & { readonly asked: SshName }): SshSettings {
  const localUser = env['USER'] || env['LOGNAME'] || 'root';
  const name = canonical?.get(asked.host);
  const values = configValues(config, {
    host: asked.host,
    localUser,
    ...present({ canonical: name, user: asked.user }),
  });
  return sshSettings({ asked, values, home, localUser, env });
}

/**
 * The jump hosts before a machine, in order. As with `ssh -J`, only the first of a list follows its own ProxyJump; the others are
 * reached from the previous one.
 */
export function route(settings: SshSettings, input: RouteInput, seen: readonly string[] = []): readonly SshSettings[] {
  const chain = [...seen, settings.alias];
  const jumps = settings.jumps.map((asked) => hop({ ...input, asked }));
  const [first] = jumps;
  if (!first) return [];
  if (chain.includes(first.alias) || chain.length + jumps.length > MOST_JUMPS) {
    throw hostProblems.jumpLoop({ chain: [...chain, ...jumps.map((jump) => jump.alias)] });
  }
  const before = first.proxyCommand === undefined ? route(first, input, chain) : [];
  return [...before, ...jumps];
}
