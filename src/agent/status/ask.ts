import { exchange } from '../../cluster/api/live/http-exchange.ts';
import { agentProcessProblems } from '../../problems/agent-process.ts';
import { parseSnapshot } from './parse-snapshot.ts';
import type { AgentSnapshot } from './snapshot.ts';

/** Where systemd listens for the agent. */
export const AGENT_SOCKET = '/run/meshx-agent/agent.sock';

/** Of one answer: its size, and milliseconds until it must be complete. */
const LIMITS = { mib: 4, ms: 5000 } as const;

/** Asks the agent of this machine for its state. Throws `agent-unreachable`, `agent-answer-unreadable`. */
export async function askSnapshot(socket: string): Promise<AgentSnapshot> {
  const found = parseSnapshot(await answerOf(socket, 'GET', '/status'));
  if ('unreadable' in found) throw agentProcessProblems.answerUnreadable({ socket, reason: found.unreadable });
  return found;
}

/** Sends one request to the agent, and returns the body of its answer, whatever the status. Throws `agent-unreachable`. */
export async function answerOf(socketPath: string, method: 'GET' | 'POST', path: string): Promise<string> {
  const signal = AbortSignal.timeout(LIMITS.ms);
  try {
    return (await exchange(new URL(path, 'http://agent'), { socketPath, method, signal, mostMiB: LIMITS.mib })).body;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw agentProcessProblems.unreachable({ socket: socketPath, reason: code ?? message }, error);
  }
}
