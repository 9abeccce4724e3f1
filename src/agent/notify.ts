import { spawn } from 'node:child_process';

/** Tells systemd how the service is: sd_notify(3). Nothing is sent when systemd did not ask for it. */
export interface Notify {
  /** `READY=1`, `STOPPING=1`, … each `NAME=value`. Resolves when it was sent, or could not be. */
  send(...states: readonly string[]): Promise<void>;
  /** Milliseconds between two signs of life that keep systemd's watchdog content; undefined without a watchdog. */
  readonly watchdogMs: number | undefined;
}

interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/** A sign of life comes this often within the time that systemd waits. */
const SIGNS = 3;
/** Milliseconds that one message may take. */
const LIMIT = 5000;

/**
 * Node.js has no datagram socket of Unix, so each message is one run of systemd-notify, which every systemd has. It costs about 4 ms of
 * processor time. `pid` is that of this process.
 */
export function createNotify(env: NotifyEnvironment, pid: number, onFailure: (reason: string) => void): Notify {
  const { NOTIFY_SOCKET: socket } = env;
  const forThis = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid);
  const within = forThis ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0;
  return {
    send: (...states) => (socket ? notified(socket, states, onFailure) : Promise.resolve()),
    watchdogMs: socket && within > 0 ? within / SIGNS : undefined,
  };
}

function notified(socket: string, states: readonly string[], onFailure: (reason: string) => void): Promise<void> {
  const env = { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' };
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', states, { env, stdio: 'ignore', timeout: LIMIT });
    child.once('error', (error) => {
      onFailure(error.message);
      resolve();
    });
    child.once('exit', (code, signal) => {
      if (code !== 0) onFailure(`systemd-notify ended with ${code ?? signal}`);
      resolve();
    });
  });
}
