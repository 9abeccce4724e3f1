import { known } from '../problems.ts';

/** What can be wrong with the agent as a process, and with asking it. */
export const agentProcessProblems = {
  socketsUnexpected: known('agent-sockets-unexpected', (d: { count: string }) => ({
    message: `systemd passed ${d.count} sockets; the agent expects one for its status and one for its health.`,
    hint: 'Compare the socket unit with the one that meshx installs: systemctl cat meshx-agent.socket',
  })),
  socketUnusable: known('agent-socket-unusable', (d: { what: string; reason: string }) => ({
    message: `The agent cannot listen on ${d.what}: ${d.reason}.`,
    hint: 'Find the process that listens there: ss -ltnxp',
  })),
  credentialUnreadable: known('agent-credential-unreadable', (d: { name: string; reason: string }) => ({
    message: `The credential ${d.name} of a probe cannot be read: ${d.reason}.`,
    hint: `Store it for the agent: /etc/meshx/credentials/${d.name}, mode 0600, owned by root; then restart the agent.`,
  })),
  unreachable: known('agent-unreachable', (d: { socket: string; reason: string }) => ({
    message: `No agent answers on ${d.socket}: ${d.reason}.`,
    hint: 'It answers on a VM with an agent, to root and to members of the group meshx-agent: ssh VM sudo meshx-agent status. If none answers there: systemctl status meshx-agent. From elsewhere: meshx status VM',
  })),
  serviceUnknown: known('agent-service-unknown', (d: { service: string; known: readonly string[] }) => ({
    message: `The agent has no service ${d.service}; it has ${d.known.join(', ') || 'none'}.`,
    hint: 'List its services: sudo meshx-agent status',
  })),
  drainUnfinished: known('agent-drain-unfinished', (d: { services: readonly string[]; seconds: number }) => ({
    message: `After ${d.seconds} s these services have not reached the state that was asked for: ${d.services.join(', ')}.`,
    hint: 'Look at their state, which may still change: sudo meshx-agent status',
  })),
  answerUnreadable: known('agent-answer-unreadable', (d: { socket: string; reason: string }) => ({
    message: `The agent on ${d.socket} gave an answer that meshx cannot read: ${d.reason}.`,
    hint: 'Use the meshx of the agent: sudo meshx-agent status',
  })),
};
