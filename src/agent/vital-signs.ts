import type { Notify } from './notify.ts';

interface Observed {
  readonly isAlive: boolean;
  /** One line for people: `systemctl status` shows it. */
  readonly summary: string;
}

/** Milliseconds from one sign of life to the next when systemd has no watchdog for the agent. */
const WITHOUT_WATCHDOG = 60_000;

/** Reports to systemd that the agent lives, and how its services are. */
export interface VitalSigns {
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
}

/**
 * Sends a sign of life until it is stopped, or as long as the loop is alive: a loop that hangs is restarted by systemd's watchdog. Each
 * sign repeats READY=1, because a systemd before 246 may lose a message whose sender has ended.
 */
export function createVitalSigns(notify: Notify, observe: () => Observed): VitalSigns {
  const sign = async (...states: readonly string[]): Promise<void> => {
    const { isAlive, summary } = observe();
    if (isAlive) await notify.send(...states, 'WATCHDOG=1', `STATUS=${summary}`);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    ready: () => {
      timer ??= setInterval(() => void sign('READY=1'), notify.watchdogMs ?? WITHOUT_WATCHDOG);
      return sign('READY=1');
    },
    reloading: () => notify.send('RELOADING=1'),
    stopping: () => {
      clearInterval(timer);
      return notify.send('STOPPING=1');
    },
  };
}
