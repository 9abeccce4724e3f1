import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatAgentSettings, machineDigest } from '../../../src/agent/settings.ts';
import { mustMatch } from './must-match.ts';

/** One look at the agent's process. */
export interface ChurnSample {
  readonly minute: number;
  /** Percent of one processor since the sample before. */
  readonly cpu: number;
  /** MiB: all resident pages, and those that are the agent's alone and written (Private_Dirty of smaps_rollup). */
  readonly resident: number;
  readonly private: number;
}

const SERVICES = 10;
/** Below the ports that Linux gives to outgoing connections. */
const FIRST_PORT = 29_000;
/** Seconds: a service goes down this often, for so long; status and metrics are read this often. */
const TIMES = { down: 7, away: 6, read: 10, sample: 60 } as const;
/** Ticks per second of /proc/PID/stat on Linux. */
const TICKS = 100;

/**
 * Runs an agent with ten TCP services that are probed each second, one of which goes down every seven seconds. Its options are those of
 * its unit. Hands a sample to `note` each minute.
 */
export async function churn(
  executable: string,
  folder: string,
  minutes: number,
  note: (sample: ChurnSample) => void,
): Promise<void> {
  const servers = await Promise.all(Array.from({ length: SERVICES }, (_, index) => open(FIRST_PORT + index)));
  const agent = start(executable, writeFiles(folder));
  const timers = [
    setInterval(
      () => ['/status', '/metrics'].forEach((path) => read(join(folder, 'agent.sock'), path)),
      TIMES.read * 1000,
    ),
    setInterval(takeDown(servers), TIMES.down * 1000),
  ];
  try {
    let before = processorSeconds(agent.pid);
    for (let minute = 1; minute <= minutes; minute += 1) {
      await delay(TIMES.sample * 1000);
      const now = processorSeconds(agent.pid);
      note({ minute, cpu: (100 * (now - before)) / TIMES.sample, ...memory(agent.pid) });
      before = now;
    }
  } finally {
    timers.forEach((timer) => clearInterval(timer));
    agent.process.kill();
    servers.forEach((server) => server.close());
  }
}

function writeFiles(folder: string): string {
  const services = join(folder, 'services.d');
  mkdirSync(services);
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  chmodSync(services, 0o755);
  const mesh = {
    group: 'db1',
    namespace: 'vm',
    account: 'db1',
    entry: 'db1-127.0.0.1',
    address: '127.0.0.1',
    network: '',
  };
  const machine = machineDigest(readFileSync('/etc/machine-id', 'utf8'));
  const settings = { generation: 1, observe: false, machine, mesh, ports: {}, api: [] };
  writeFileSync(join(folder, 'agent.yaml'), formatAgentSettings(settings));
  for (let index = 0; index < SERVICES; index += 1)
    writeFileSync(
      join(services, `s${index}.yaml`),
      `name: s${index}\nports: {tcp${index}: ${FIRST_PORT + index}}\nprobe: {tcp: {}, interval: 1s}\n`,
      { mode: 0o644 },
    );
  return folder;
}

/** The options and variables of the agent's unit. */
function start(executable: string, folder: string) {
  const unit = readFileSync(new URL('../../../systemd/meshx-agent.service', import.meta.url), 'utf8');
  const options = mustMatch(unit, /"(--node-options=[^"]*)"/);
  const malloc = Object.fromEntries([...unit.matchAll(/(MALLOC_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const files = ['--settings', 'agent.yaml', '--services', 'services.d', '--state', 'state', '--socket', 'agent.sock'];
  const argv = [options, 'agent', 'run', ...files.map((word) => (word.startsWith('-') ? word : join(folder, word)))];
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...malloc };
  const started = spawn(executable, [...argv, '--health-port', '29100'], { env, stdio: 'ignore' });
  if (started.pid === undefined) throw new Error(`cannot start ${executable}`);
  return { process: started, pid: started.pid };
}

function open(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end());
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}

function takeDown(servers: Server[]): () => void {
  let turn = 0;
  return () => {
    const index = (turn += 1) % SERVICES;
    servers[index]?.close();
    // Unreferenced: the last one must not outlive the run.
    const reopen = (): void => void open(FIRST_PORT + index).then((server) => (servers[index] = server.unref()));
    setTimeout(reopen, TIMES.away * 1000).unref();
  };
}

function read(socketPath: string, path: string): void {
  request({ socketPath, path }, (answer) => answer.resume())
    .on('error', () => undefined)
    .end();
}

/** User and system time: fields 14 and 15 of proc_pid_stat(5). */
function processorSeconds(pid: number): number {
  const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function memory(pid: number): Pick<ChurnSample, 'resident' | 'private'> {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mib = (name: string): number => Number(mustMatch(text, new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))) / 1024;
  return { resident: mib('Rss'), private: mib('Private_Dirty') };
}
