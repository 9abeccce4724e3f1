import { request } from 'node:http';
import { agentProcessProblems } from '../../problems/agent-process.ts';
import { parseSnapshot } from './parse-snapshot.ts';
import type { AgentSnapshot } from './snapshot.ts';

/** Where systemd listens for the agent. */
export const AGENT_SOCKET = '/run/meshx-agent/agent.sock';

/** Bytes of one answer, and milliseconds until it must be complete. */
const LIMITS = { bytes: 4 * 1024 * 1024, ms: 5000 } as const;

/** Asks the agent of this machine for its state. Throws `agent-unreachable`, `agent-answer-unreadable`. */
export async function askSnapshot(socket: string): Promise<AgentSnapshot> {
  const found = parseSnapshot((await answerOf(socket, 'GET', '/status')).body);
  if ('unreadable' in found) throw agentProcessProblems.answerUnreadable({ socket, reason: found.unreadable });
  return found;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends one request to the agent. Throws `agent-unreachable`. */
export function answerOf(socketPath: string, method: 'GET' | 'POST', path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const reason = 'code' in error ? String(error.code) : error.message;
      reject(agentProcessProblems.unreachable({ socket: socketPath, reason }, error));
    };
    const asked = request({ socketPath, method, path, signal: AbortSignal.timeout(LIMITS.ms) }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        if ((size += part.length) > LIMITS.bytes) asked.destroy(new Error('its answer is too large'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
    });
    asked.on('error', fail);
    asked.end();
  });
}
