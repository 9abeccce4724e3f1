import type { CommandSpec } from '../command.ts';

const SOCKET = '--socket <path>';

export const agentRun: CommandSpec = {
  name: 'agent run',
  summary: 'probe the services of this VM and report their state; systemd starts it',
  args: [],
  options: [
    ['--settings <file>', 'settings that the join wrote (/etc/meshx/agent.yaml)'],
    ['--services <dir>', 'folder with one file per service (/etc/meshx/services.d)'],
    ['--state <dir>', "folder with the agent's token (/var/lib/meshx-agent)"],
    [SOCKET, 'Unix socket for status and metrics, when systemd passes none'],
    ['--health-port <number>', 'port of 127.0.0.1 for the health endpoint, when systemd passes none'],
  ],
  common: [],
  examples: ['agent run', 'agent run --settings agent.yaml --services services.d --socket agent.sock'],
  run: async (call) => (await import('../actions/agent.ts')).agentRun(call),
};

const drained = (verb: 'drain' | 'undrain', summary: string): CommandSpec => ({
  name: `agent ${verb}`,
  summary,
  args: [['[service...]', 'all services of the VM when absent']],
  options: [
    ['--wait-timeout <seconds>', 'how long to wait (600)'],
    [SOCKET, 'Unix socket of the agent (/run/meshx-agent/agent.sock)'],
  ],
  common: ['output'],
  examples: [`agent ${verb} mysqldb`, `agent ${verb}`],
  run: async (call) => (await import('../actions/agent-drain.ts')).agentDrain(call, verb),
});

export const agentDrain = drained('drain', 'take services of this VM out of rotation, and wait for their connections');
export const agentUndrain = drained('undrain', 'put drained services of this VM back into rotation');

export const agentStatus: CommandSpec = {
  name: 'agent status',
  summary: 'show the services of this VM as its agent sees them',
  args: [],
  options: [[SOCKET, 'Unix socket of the agent (/run/meshx-agent/agent.sock)']],
  common: ['output'],
  examples: ['agent status', 'agent status -o json'],
  run: async (call) => (await import('../actions/agent.ts')).agentStatus(call),
};
