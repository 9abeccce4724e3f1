import type { Host } from '../../host/run/host.ts';
import { type Script, scriptCommand } from '../../host/run/shell.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { vmProblems } from '../../problems/vm.ts';
import { PLACES } from '../places.ts';
import { shellFile } from '../../text-files.ts';

/** The unit of Istio's own package. */
export const SIDECAR_UNIT = 'istio.service';

/** What stands on a VM that was joined by hand. Settings are those of the running agent, else those of its files. */
export interface Standing {
  /** The run of istio.service that the agent is in; absent when the agent does not run, or runs outside of it. */
  readonly invocation?: string;
  /** Why the running agent is not believed. */
  readonly fault?: string;
  /** Whether any pilot-agent runs. */
  readonly running: boolean;
  /** The environment of the running agent; may hold secrets: only keys of DECISIVE are ever shown. */
  readonly environment: ReadonlyMap<string, string>;
  /** cluster.env, overlaid with what the agent runs with. */
  readonly settings: ReadonlyMap<string, string>;
  /** Text of the mesh configuration, and whether it is newer than the agent. */
  readonly meshConfig: string;
  readonly meshConfigIsNewer: boolean;
  /** The address that /etc/hosts gives for an istiod. */
  readonly istiodAddress?: string;
}

const READ = shellFile(new URL('./adopt-read.root.sh', import.meta.url));

/** The script that reads it. `unit`: the one whose main process is the agent. */
export function standingScript(unit: string): Script {
  return { ...READ, args: [PLACES.clusterEnv, PLACES.meshConfig, unit] };
}

/** Reads it in one round trip. Changes nothing. Throws `nothing-to-adopt`, `agent-not-trusted` and what `Host.run` throws. */
export async function readStanding(host: Host, unit: string, signal?: AbortSignal): Promise<Standing> {
  const command = { ...scriptCommand(standingScript(unit)), timeoutMs: 30_000 };
  const standing = parseStanding((await host.run(command, signal)).stdout, unit);
  if (standing.fault !== undefined) throw vmProblems.agentNotTrusted({ vm: host.name, unit, fault: standing.fault });
  const missing = ['ISTIO_META_WORKLOAD_NAME', 'POD_NAMESPACE'].filter((key) => !standing.settings.get(key));
  if (missing.length > 0) throw vmProblems.nothingToAdopt({ vm: host.name, missing });
  return standing;
}

/** The answer of the script; what is not there is empty. Pure. */
export function parseStanding(text: string, unit = SIDECAR_UNIT): Standing {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
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
