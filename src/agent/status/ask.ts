import { exchange, type ExchangeAnswer } from '../../cluster/api/live/http-exchange.ts';
import { agentProcessProblems } from '../../problems/agent-process.ts';
import { parseSnapshot } from './parse-snapshot.ts';
import type { AgentSnapshot } from './snapshot.ts';

/** Where systemd listens for the agent. */
export const AGENT_SOCKET = '/run/meshx-agent/agent.sock';

/** Of one answer: its size, and milliseconds until it must be complete. */
const LIMITS = { mib: 4, ms: 5000 } as const;

/** Asks the agent of this machine for its state. Throws `agent-unreachable`, `agent-answer-unreadable`. */
export async function askSnapshot(socket: string): Promise<AgentSnapshot> {
  const found = parseSnapshot((await askAgent(socket, 'GET', '/status')).body);
  if ('unreadable' in found) throw agentProcessProblems.answerUnreadable({ socket, reason: found.unreadable });
  return found;
}

/** Sends one request to the agent. The caller judges the status of the answer. Throws `agent-unreachable`. */
export async function askAgent(socketPath: string, method: 'GET' | 'POST', path: string): Promise<ExchangeAnswer> {
  const signal = AbortSignal.timeout(LIMITS.ms);
  try {
    return await exchange(new URL(path, 'http://agent'), { socketPath, method, signal, mostMiB: LIMITS.mib });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw agentProcessProblems.unreachable({ socket: socketPath, reason: code ?? message }, error);
  }
}
