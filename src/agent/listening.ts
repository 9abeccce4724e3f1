import { agentProcessProblems } from '../problems/agent-process.ts';

/** The sockets that systemd opened for the agent, as numbers of file descriptors. */
export interface ListeningSockets {
  /** A Unix socket: status, metrics, drain. */
  readonly api?: number;
  /** TCP on the loopback address: health alone. */
  readonly health?: number;
}

/** The first descriptor of an activated service: sd_listen_fds(3). */
const FIRST = 3;
const NAMES = ['api', 'health'] as const;

/** Variables of systemd's protocols. They are meant for this process alone. */
const OWN = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC'] as const;

export type AgentEnvironment = Readonly<Partial<Record<(typeof OWN)[number] | 'CREDENTIALS_DIRECTORY', string>>>;

/**
 * The sockets of socket activation: by the names `api` and `health`, or in this order when they have no such names. None when the
 * variables belong to another process. Throws `agent-sockets-unexpected`.
 */
export function listeningSockets(env: AgentEnvironment, pid: number): ListeningSockets {
  const count = Number(env.LISTEN_FDS ?? '0');
  if (count === 0 || env.LISTEN_PID !== String(pid)) return {};
  if (!Number.isInteger(count) || count < 0 || count > NAMES.length)
    throw agentProcessProblems.socketsUnexpected({ count: env.LISTEN_FDS ?? '' });
  const given = (env.LISTEN_FDNAMES ?? '').split(':');
  const named = NAMES.some((name) => given.includes(name));
  const numbers = NAMES.map((name, index) => (named ? given.indexOf(name) : index < count ? index : -1));
  const found = NAMES.map((name, index) => [name, FIRST + (numbers[index] ?? -1)] as const);
  return Object.fromEntries(found.filter(([, descriptor]) => descriptor >= FIRST));
}

/** Removes the variables of systemd's protocols and of the agent's own library, which programs started by the agent must not inherit. */
export function takeAgentEnvironment(env: Record<string, string | undefined>): AgentEnvironment {
  const taken = Object.fromEntries(
    [...OWN, 'CREDENTIALS_DIRECTORY' as const].map((name) => [name, env[name] || undefined]),
  );
  for (const name of [...OWN, 'LD_LIBRARY_PATH']) delete env[name];
  // as: a value that is absent is one of Partial's.
  return taken as AgentEnvironment;
}
