import { join } from 'node:path';
import { tokenFile } from '../../../src/agent/report/credential.ts';
import { createReporter } from '../../../src/agent/report/reporter.ts';
import type { Reporter, ReporterInput } from '../../../src/agent/report/reporter-input.ts';
import type { LogValue } from '../../../src/agent/log.ts';
import type { AgentSettings } from '../../../src/agent/settings.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { withTimeLimit } from '../../../src/time-limit.ts';
import { selfSigned } from '../../support/cluster-objects.ts';
import { FakeApiServer, type FakeApiOptions } from '../../support/fake-api-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ADDRESS, anEntry, aToken, HOLDER, MYSQL, PORTS, WEB } from './support.ts';

export const ENTRY = `db1-${ADDRESS}`;
export const IDENTITY = { machine: 'a'.repeat(64), boot: HOLDER.boot, addresses: [ADDRESS] };
const OBJECTS: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vm' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'db1', namespace: 'vm' } },
  { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', metadata: { name: 'db1', namespace: 'vm' }, spec: {} },
];

/** Resolves when the condition holds. Throws after 20 seconds, or `limitMs`. */
export async function until(what: string, holds: () => boolean, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Milliseconds. A test that hangs in its end would tell nothing. */
const CLOSING = 10_000;

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** An API server with the entry of one VM, and what a reporter needs beside it. */
export class World implements AsyncDisposable {
  readonly token = tokenFile(join(temporaryFolder(), 'api-token'));
  readonly lines: string[] = [];
  readonly #reporters: Reporter[] = [];
  reconnects = 0;

  readonly server: FakeApiServer;
  readonly ca: string;

  private constructor(server: FakeApiServer, ca: string) {
    this.server = server;
    this.ca = ca;
  }

  static async start(options: FakeApiOptions = {}, objects: readonly KubeObject[] = [anEntry()]): Promise<World> {
    const tls = selfSigned();
    const server = await FakeApiServer.start({ ...options, tls, objects: [...OBJECTS, ...objects] });
    const world = new World(server, tls.cert);
    await world.token.write(options.token ?? aToken(new Date(), 3600));
    return world;
  }

  settings(more: Partial<AgentSettings> = {}): AgentSettings {
    const mesh = { group: 'db1', namespace: 'vm', account: 'db1', entry: ENTRY, address: ADDRESS, network: '' };
    const api = [{ server: this.server.url, ca: this.ca }];
    return { generation: 3, observe: false, machine: IDENTITY.machine, mesh, ports: PORTS, api, ...more };
  }

  reporter(more: Partial<ReporterInput> = {}): Reporter {
    const log = (event: string, fields: Readonly<Record<string, LogValue>> = {}): void => {
      this.lines.push(`${event} ${JSON.stringify(fields)}`);
    };
    const reporter = createReporter({
      ...{ settings: this.settings(), definitions: () => [MYSQL, WEB], token: this.token, now: () => new Date(), log },
      ...{ signal: new AbortController().signal, identity: () => IDENTITY, random: () => 0.3 },
      ...{ limits: { timeoutMs: 400 }, reconnect: () => (this.reconnects += 1) },
      ...more,
    });
    this.#reporters.push(reporter);
    return reporter;
  }

  /** Names of the entry's ports. */
  get ports(): readonly string[] {
    return Object.keys((this.entry?.['spec'] as { ports?: object } | undefined)?.ports ?? {});
  }

  get entry(): KubeObject | undefined {
    return this.server.object('WorkloadEntry', 'vm', ENTRY);
  }

  annotation(name: string): string | undefined {
    return this.entry?.metadata.annotations?.[`agent.meshx.dev/${name}`];
  }

  get patches(): number {
    return this.server.requests.filter(({ method }) => method === 'PATCH').length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reporter of this.#reporters) await this.close(reporter);
    await withTimeLimit(CLOSING, undefined, async (signal) => {
      await Promise.race([this.server[Symbol.asyncDispose](), aborted(signal)]);
    });
  }

  /** Closes a reporter. Throws when that takes more than ten seconds. */
  async close(reporter: Reporter): Promise<void> {
    await withTimeLimit(CLOSING, undefined, async (signal) => {
      await Promise.race([reporter.close(), aborted(signal)]);
    });
  }
}
