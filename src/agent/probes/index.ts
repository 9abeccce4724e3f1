import { Attempt, Failure, reasonOf } from './attempt.ts';
import { amqp } from './amqp.ts';
import { dns } from './dns.ts';
import { etcd } from './etcd.ts';
import { exec } from './exec.ts';
import { grpc } from './grpc.ts';
import { http } from './http.ts';
import { http2 } from './http2.ts';
import { kafka } from './kafka.ts';
import { ldap } from './ldap.ts';
import { mongodb } from './mongodb.ts';
import { redis } from './redis.ts';
import { smtp } from './smtp.ts';
import { tcp } from './tcp.ts';
import { tls } from './tls.ts';
import { unit } from './unit.ts';
import { mysql } from './mysql/mysql.ts';
import { postgresql } from './postgresql/postgresql.ts';
import type { Method, ProbeMethod } from './method.ts';
import type { Probe, ProbeResult, ProbeTarget } from './probe.ts';

type Ask<Kind extends ProbeMethod['kind']> = (method: Method<Kind>, attempt: Attempt) => Promise<ProbeResult>;

/** Each protocol by its kind. */
const PROTOCOLS: { readonly [Kind in ProbeMethod['kind']]: Ask<Kind> } = {
  amqp,
  dns,
  etcd,
  exec,
  grpc,
  http,
  http2,
  kafka,
  ldap,
  mongodb,
  redis,
  smtp,
  tcp,
  tls,
  unit,
  mysql,
  postgresql,
};

/** Returns the probe of one server. It keeps no connection between runs. */
export function createProbe(target: ProbeTarget): Probe {
  return new BoundedProbe(target);
}

/** One for all runs: to record a stack is the dearest part of a run. */
const STOPPED = new Failure('stopped');

/** Gives each run its time limit and turns whatever happens into a result. */
class BoundedProbe implements Probe {
  readonly #target: ProbeTarget;
  readonly #running = new Set<Attempt>();
  readonly #stop = (): void => {
    for (const attempt of this.#running) attempt.end(STOPPED);
  };
  #signal: AbortSignal | undefined;
  #isClosed = false;

  constructor(target: ProbeTarget) {
    this.#target = target;
  }

  async run(signal: AbortSignal): Promise<ProbeResult> {
    const attempt = new Attempt(this.#target);
    this.#follow(signal);
    this.#running.add(attempt);
    if (signal.aborted || this.#isClosed) attempt.end(STOPPED);
    try {
      return await Promise.race([attempt.over, ask(this.#target.method, attempt)]);
    } catch (error) {
      return { outcome: 'failed', reason: reasonOf(error) };
    } finally {
      this.#running.delete(attempt);
      attempt.end(STOPPED);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#stop();
  }

  /** A schedule has one signal for many runs. */
  #follow(signal: AbortSignal): void {
    if (signal === this.#signal) return;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
  }
}

async function ask(method: ProbeMethod, attempt: Attempt): Promise<ProbeResult> {
  // as: the table has the function of each kind under that kind.
  const protocol = PROTOCOLS[method.kind] as (method: ProbeMethod, attempt: Attempt) => Promise<ProbeResult>;
  return await protocol(method, attempt);
}
