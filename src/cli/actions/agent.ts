import { runAgent } from '../../agent/agent.ts';
import { agentOptions, type GivenOptions } from '../../agent/main.ts';
import { AGENT_SOCKET, askSnapshot } from '../../agent/status/ask.ts';
import type { AgentSnapshot } from '../../agent/status/snapshot.ts';
import { statusLines, statusRows } from '../../agent/status/text.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatTable } from '../table.ts';

/** `meshx agent run`, when the words are not plain enough for src/main.ts to run it without the command line. */
export async function agentRun(call: Call): Promise<number> {
  const { world, terminal } = call;
  const input = new Input('agent run', call);
  // as: commander gives each of these options as text.
  const options = agentOptions(call.given as GivenOptions);
  if ('issue' in options) input.issue(options.issue);
  input.accept();
  if ('issue' in options) return EXIT.usage;
  const { version, signal } = world;
  await runAgent(options, { env: { ...world.env }, version, signal, write: terminal.out, forJournal: false });
  return EXIT.done;
}

/** `meshx agent status`: what the agent of this machine sees. */
export async function agentStatus(call: Call): Promise<number> {
  const { world, terminal } = call;
  const input = new Input('agent status', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const socket = input.text('socket') ?? AGENT_SOCKET;
  input.accept();
  const snapshot = await askSnapshot(socket);
  terminal.out(output === 'text' ? formatStatus(snapshot, world.now()) : formatDocument(snapshot, output));
  return EXIT.done;
}

function formatStatus(snapshot: AgentSnapshot, now: Date): readonly string[] {
  const table = snapshot.services.length > 0 ? formatTable(statusRows(snapshot, now)).split('\n') : ['No service.'];
  return [...table, '', ...statusLines(snapshot, now)];
}
