import { hostProblems } from '../../problems/host.ts';
import { configValues } from './config/ssh-config.ts';
import type { ConfigTree } from './config/ssh-config-file.ts';
import type { SshName } from './ssh-name.ts';
import { type SshSettings, sshSettings } from './config/ssh-settings.ts';

/** One machine on the way. */
export interface Hop {
  readonly settings: SshSettings;
  readonly timeoutMs: number;
}

/** What the operator decided for one hop. */
export interface HopDecisions {
  readonly identityFile?: string | undefined;
  readonly hostKeyFingerprint?: string | undefined;
  readonly acceptNewHostKey: boolean;
  readonly extraHostKeys?: readonly string[] | undefined;
  readonly knownHosts?: string | undefined;
  readonly sudoPassword?: (() => Promise<string>) | undefined;
  readonly passphrase?: ((file: string) => Promise<string>) | undefined;
  readonly keepaliveMs?: number | undefined;
  readonly commandLimitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly note?: ((line: string) => void) | undefined;
}

export interface RouteInput {
  readonly config: ConfigTree;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What CanonicalizeHostname makes of names, as they were typed. */
  readonly canonical?: ReadonlyMap<string, string>;
}

const MOST_JUMPS = 8;

/** The settings of one machine. Pure. Throws a Problem for values that cannot be used. */
export function hop({ asked, config, home, env, canonical }: RouteInput & { readonly asked: SshName }): SshSettings {
  const localUser = env['USER'] || env['LOGNAME'] || 'root';
  const name = canonical?.get(asked.host);
  const values = configValues(config, {
    ...(name === undefined ? {} : { canonical: name }),
    host: asked.host,
    localUser,
    ...(asked.user === undefined ? {} : { user: asked.user }),
  });
  return sshSettings({ asked, values, home, localUser, env });
}

/**
 * The jump hosts before a machine, the first one first. As with `ssh -J`: only the first of a list follows its own
 * ProxyJump; the others are reached from the one before them.
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
