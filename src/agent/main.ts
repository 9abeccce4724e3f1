import { parseArgs } from 'node:util';
import { Problem } from '../problems.ts';
import { type AgentOptions, type AgentProcess, runAgent } from './agent.ts';
import { createLog } from './log.ts';

const SETTINGS = '/etc/meshx/agent.yaml';
const SERVICES = '/etc/meshx/services.d';
const STATE = '/var/lib/meshx-agent';

/** The options of `meshx agent run` as they are given, by their camelCase names. */
export interface GivenOptions {
  readonly settings?: string | undefined;
  readonly services?: string | undefined;
  readonly state?: string | undefined;
  readonly socket?: string | undefined;
  readonly healthPort?: string | undefined;
}

/** The options with their defaults, or what is wrong with them. Root owns the files of the usual folder, the caller those of another. */
export function agentOptions(given: GivenOptions): AgentOptions | { readonly issue: string } {
  const { settings = SETTINGS, services = SERVICES, state = STATE, socket, healthPort } = given;
  const port = Number(healthPort ?? 0);
  if (!/^\d{1,5}$/.test(healthPort ?? '0') || port > 65_535)
    return { issue: '--health-port: it is not a number from 0 to 65535' };
  const owner = services === SERVICES ? 0 : (process.getuid?.() ?? 0);
  return {
    ...{ settings, services, state, owner },
    ...(socket !== undefined && { socket }),
    ...(healthPort !== undefined && { healthPort: port }),
  };
}

/**
 * `meshx agent run` without the rest of the command line, which a resident process must not hold in memory. Returns the exit code;
 * undefined for words that the command line has to judge.
 */
export async function agentMain(
  words: readonly string[],
  around: Omit<AgentProcess, 'signal'>,
): Promise<number | undefined> {
  const options = optionsIn(words);
  if (!options) return undefined;
  try {
    await runAgent(options, { ...around, signal: endSignal() });
    return 0;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { id, message, hint } = error;
    createLog(around.write, around.forJournal)('agent-failed', { problem: id, message, hint }, 'error');
    return 1;
  }
}

function optionsIn(words: readonly string[]): AgentOptions | undefined {
  const text = { type: 'string' } as const;
  const options = { settings: text, services: text, state: text, socket: text, 'health-port': text };
  try {
    const { values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false });
    const { 'health-port': healthPort, ...rest } = values;
    const found = agentOptions({ ...rest, healthPort });
    return 'issue' in found ? undefined : found;
  } catch {
    // The command line says what is wrong, or prints the help.
    return undefined;
  }
}

/** Aborted by the first SIGTERM or Ctrl-C. A second one ends the process at once. */
function endSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
