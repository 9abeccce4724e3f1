import * as z from 'zod';
import { tryJson } from '../documents/json.ts';
import type { Host } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { shellFile } from '../text-files.ts';
import { PLACES } from './places.ts';

/** A service after a drain, or in rotation again. */
export interface DrainedService {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/** The services that are drained, or put back into rotation. */
export interface DrainOptions {
  readonly verb: 'drain' | 'undrain';
  /** Empty: all services of the VM. */
  readonly services: readonly string[];
  /** Milliseconds until they must have reached the state. */
  readonly limitMs: number;
}

const DRAIN = shellFile(new URL('./agent-drain.root.sh', import.meta.url));
const MISSING = 90;
/** The agent itself ends at its limit. */
const GRACE_MS = 30_000;

const TEXT = z.string().max(1024);
const ANSWER = z.object({ services: z.array(z.object({ name: TEXT, state: TEXT, reason: TEXT })).max(256) });

/** Asks the agent of a VM. Throws `agent-missing`, `agent-request-failed`. */
export async function drainServices(
  host: Host,
  { verb, services, limitMs }: DrainOptions,
  signal: AbortSignal,
): Promise<readonly DrainedService[]> {
  const args = [`${PLACES.agent}/current/meshx`, verb, String(Math.ceil(limitMs / 1000)), ...services];
  const { exitCode, stdout, stderr } = await runScript(host, DRAIN, args, { signal, timeoutMs: limitMs + GRACE_MS });
  if (exitCode === MISSING) throw vmProblems.agentMissing({ vm: host.name });
  const { data } = ANSWER.safeParse(tryJson(stdout));
  if (exitCode === 0 && data) return data.services;
  throw vmProblems.agentRequestFailed({ vm: host.name, verb, said: stderr.trim().slice(-2000) });
}
