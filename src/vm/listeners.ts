import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { PROXY_PORTS } from '../mesh/current/ports.ts';
import { vmProblems } from '../problems/vm.ts';
import { lines, parseAnswers, preflightScript } from './preflight/probe.ts';
import { isLoopback, parseListeners, sshPortsOf } from './preflight/sockets.ts';

/** A TCP port that a service of the VM could have. */
export interface OpenPort {
  readonly port: number;
  /** The program that listens; empty if it is unknown. Untrusted text. */
  readonly program: string;
  /** Whether only programs of the VM itself reach it. */
  readonly loopback: boolean;
}

const LIMIT_MS = 30_000;
/** Name servers listen on every machine. */
const OF_THE_SYSTEM: ReadonlySet<number> = new Set([53, 111, 5355]);

/** The ports that listen, without those of SSH, of the sidecar and of the system, by number. Only reads. Throws `vm-probe-unreadable`. */
export async function openPorts(host: Host, signal?: AbortSignal): Promise<readonly OpenPort[]> {
  const command = { ...scriptCommand(preflightScript(15012, [])), timeoutMs: LIMIT_MS };
  const { stdout, stderr } = await host.run(command, signal);
  const answers = parseAnswers(stdout);
  if (!answers) throw vmProblems.probeUnreadable({ host: host.name, answer: stdout || stderr });
  const ssh = sshPortsOf(answers, '');
  const all = parseListeners(lines(answers, 'tcp')).filter(
    ({ port }) => !ssh.includes(port) && !PROXY_PORTS.has(port) && !OF_THE_SYSTEM.has(port),
  );
  const ports = [...new Set(all.map(({ port }) => port))].sort((a, b) => a - b);
  return ports.map((port) => {
    const listeners = all.filter((each) => each.port === port);
    const [program = ''] = listeners.flatMap(({ programs, called }) => [...programs, ...called]);
    return { port, program, loopback: listeners.every(isLoopback) };
  });
}
