import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAgent } from '../../src/agent/agent.ts';
import { type AgentSettings, formatAgentSettings, machineDigest } from '../../src/agent/settings.ts';
import { askSnapshot } from '../../src/agent/status/ask.ts';
import type { AgentSnapshot, ServiceSnapshot } from '../../src/agent/status/snapshot.ts';
import { until } from '../host/contract.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export const SETTINGS: AgentSettings = {
  generation: 3,
  observe: false,
  machine: machineDigest('0123456789abcdef0123456789abcdef'),
  mesh: { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-127.0.0.1', address: '127.0.0.1', network: '' },
  ports: { 'mysql-3306': 3306 },
  api: [],
};

/** A service that is probed often, so that a test need not wait long. */
export function serviceFile(name: string, port: number, more = ''): string {
  return `name: ${name}\nports: {tcp: ${port}}\nprobe: {tcp: {}, interval: 200ms, timeout: 1s, rise: 1, fall: 2}\n${more}`;
}

/** The files of an agent in a folder of their own. */
export function agentFiles() {
  const folder = temporaryFolder();
  const [settings, services] = [join(folder, 'agent.yaml'), join(folder, 'services.d')];
  writeFileSync(settings, formatAgentSettings(SETTINGS));
  mkdirSync(services);
  chmodSync(services, 0o755);
  return {
    ...{ folder, settings, services, socket: join(folder, 'agent.sock') },
    write: (name: string, text: string) => writeFileSync(join(services, `${name}.yaml`), text, { mode: 0o644 }),
    remove: (name: string) => rmSync(join(services, `${name}.yaml`)),
  };
}

/** A port of the loopback address that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RunningAgent extends AsyncDisposable {
  readonly log: readonly string[];
  readonly healthPort: number;
  readonly snapshot: () => Promise<AgentSnapshot>;
  readonly service: (name: string) => Promise<ServiceSnapshot | undefined>;
  /** Waits until the service is in this state. */
  readonly reaches: (name: string, state: ServiceSnapshot['state']) => Promise<void>;
  readonly logs: (part: string) => Promise<void>;
  /** Resolves when the agent has ended by itself. */
  readonly ended: Promise<void>;
}

/** Runs the agent in this process, with real sockets and files. It has opened its sockets when this resolves. */
export async function runningAgent(files: ReturnType<typeof agentFiles>): Promise<RunningAgent> {
  const log: string[] = [];
  const [controller, healthPort] = [new AbortController(), await freePort()];
  const { settings, services, socket } = files;
  const options = { settings, services, owner: process.getuid?.() ?? 0, state: files.folder, socket, healthPort };
  const around = { env: {}, version: '1.2.3', forJournal: false, write: (line: string) => void log.push(line) };
  const ended = runAgent(options, { ...around, signal: controller.signal });
  const snapshot = (): Promise<AgentSnapshot> => askSnapshot(socket);
  const service = async (name: string) => (await snapshot()).services.find((each) => each.name === name);
  const logs = (part: string): Promise<void> => until(() => Promise.resolve(log.some((line) => line.includes(part))));
  let hasEnded = false;
  ended.catch(() => (hasEnded = true));
  await until(() => Promise.resolve(hasEnded || log.some((line) => line.startsWith('agent-started'))));
  if (hasEnded) await ended;
  return {
    ...{ log, healthPort, snapshot, service, ended, logs },
    reaches: (name, state) => until(async () => (await service(name))?.state === state),
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await ended;
    },
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One HTTP request to a Unix socket or to a port of the loopback address. */
export function http(where: { readonly socketPath: string } | { readonly port: number }, path: string, method = 'GET') {
  return new Promise<HttpAnswer>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', ...where, path, method }, (response) => {
      let body = '';
      response.on('data', (part) => (body += String(part)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}
