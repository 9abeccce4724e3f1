import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { vmProblems } from '../../problems/vm.ts';
import { shellFile } from '../../text-files.ts';
import { valueOf } from '../key-values.ts';
import { PLACES } from '../places.ts';

/** The unit of Istio's own package. */
export const SIDECAR_UNIT = 'istio.service';

/** The sidecar of a VM that was joined by hand. Its settings are those of the running agent, else those of its files. */
export interface Standing {
  /** The invocation of istio.service that runs the agent; absent if the agent does not run, or runs outside the unit. */
  readonly invocation?: string;
  /** Why the running agent is not trusted. */
  readonly fault?: string;
  /** Whether any pilot-agent runs. */
  readonly running: boolean;
  /** The environment of the running agent; may hold secrets, so only values of mesh keys are shown. */
  readonly environment: ReadonlyMap<string, string>;
  /** cluster.env, overlaid with the agent's environment. */
  readonly settings: ReadonlyMap<string, string>;
  /** Text of the mesh configuration, and whether it is newer than the agent. */
  readonly meshConfig: string;
  readonly meshConfigIsNewer: boolean;
  /** The address that /etc/hosts gives for an istiod. */
  readonly istiodAddress?: string;
}

const READ = shellFile(new URL('./adopt-read.root.sh', import.meta.url));

/**
 * Reads it in one round trip. `unit`: the one whose main process is the agent. Throws `nothing-to-adopt`, `agent-not-trusted` and what
 * `Host.run` throws.
 */
export async function readStanding(host: Host, unit: string, signal?: AbortSignal): Promise<Standing> {
  const args = [PLACES.clusterEnv, PLACES.meshConfig, unit];
  const { stdout } = await runScript(host, READ, args, { signal, timeoutMs: 30_000 });
  const standing = parseStanding(stdout, unit);
  if (standing.fault !== undefined) throw vmProblems.agentNotTrusted({ vm: host.name, unit, fault: standing.fault });
  const missing = ['ISTIO_META_WORKLOAD_NAME', 'POD_NAMESPACE'].filter((key) => !standing.settings.get(key));
  if (missing.length > 0) throw vmProblems.nothingToAdopt({ vm: host.name, missing });
  return standing;
}

/** Parses the answer of the script; what is missing is empty. Pure. */
export function parseStanding(text: string, unit = SIDECAR_UNIT): Standing {
  const value = (key: string): string => valueOf(text, key) ?? '';
  const decoded = (key: string): string => Buffer.from(value(key), 'base64').toString('utf8');
  const environment = new Map(decoded('environment').split('\0').flatMap(pair));
  const inUnit =
    unit === SIDECAR_UNIT &&
    value('ActiveState') === 'active' &&
    Number(value('agent')) > 0 &&
    value('InvocationID') !== '';
  const [istiod, fault] = [value('istiod'), value('fault')];
  return {
    running: value('agent') !== '',
    environment,
    settings: new Map([...parseEnv(decoded('cluster')), ...environment]),
    meshConfig: decoded('mesh'),
    meshConfigIsNewer: Number(value('mesh-age')) + 1 < Number(value('age')),
    ...(inUnit && { invocation: value('InvocationID') }),
    ...(fault !== '' && { fault }),
    ...(istiod !== '' && { istiodAddress: istiod }),
  };
}

function pair(entry: string): readonly (readonly [string, string])[] {
  const at = entry.indexOf('=');
  return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
}
