import { parseSnapshot } from '../../agent/status/parse-snapshot.ts';
import type { AgentState } from '../../checks/vm/facts.ts';
import type { Host } from '../../host/run/host.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { Problem } from '../../problems.ts';
import { inspect, type Inspected, type Inspection, inspectionOf } from '../../vm/inspect.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { VmPicture } from '../../vm/picture/picture.ts';
import { readVmPicture } from '../../vm/picture/read-picture.ts';
import type { World } from '../../world.ts';

/** What one VM said of itself. */
export interface AnsweredVm {
  readonly vm: string;
  readonly picture: VmPicture;
  readonly inspected: Inspected;
  readonly inspection: Inspection;
  /** Its namespace and its group, as its files say; null where they do not. */
  readonly place: string | null;
  readonly group: string | null;
}

/** The answer of a VM, or why there is none. */
export type VmAnswer = AnsweredVm | { readonly vm: string; readonly problem: Problem };

/** What the preflight's script is asked with; the way to istiod is read from the VM itself. */
export function inputOf(vm: string, now: Date): PreflightInput {
  return { vm, generation: 'current', controlPlane: { addresses: [], port: 15012 }, services: [], now };
}

/** Asks a VM by two commands of one connection. A Problem of this VM is its answer. */
export async function askVm(world: World, vm: string, login: () => Promise<Host>): Promise<VmAnswer> {
  try {
    const host = await login();
    const input = inputOf(vm, world.now());
    const [inspected, picture] = await Promise.all([
      inspect(host, input, world.signal),
      readVmPicture(host, world.signal),
    ]);
    const inspection = inspectionOf(inspected, input);
    return { vm, picture, inspected, inspection, ...placeOf(picture, inspection) };
  } catch (error) {
    if (!(error instanceof Problem) || world.signal.aborted) throw error;
    return { vm, problem: error };
  }
}

function placeOf({ env }: VmPicture, { membership }: Inspection): Pick<AnsweredVm, 'place' | 'group'> {
  const settings = new Map([...(env?.values() ?? [])].flatMap((text) => [...parseEnv(text)]));
  const known = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text);
  return {
    place: membership.record?.namespace ?? known(settings.get('POD_NAMESPACE')),
    group: membership.record?.group ?? known(settings.get('ISTIO_META_AUTO_REGISTER_GROUP')),
  };
}

/** The agent's answer, as checks judge it; null for any other text. */
export function agentState(text: string): AgentState | null {
  const snapshot = parseSnapshot(text);
  if ('unreadable' in snapshot) return null;
  const { reporter, services, deviations, invalidFiles } = snapshot;
  const { mode, reason, tokenExpires } = reporter;
  return {
    ...{ mode, services, deviations },
    invalidFiles: invalidFiles.map(({ file, issues }) => `${file}: ${issues[0] ?? 'unknown reason'}`),
    ...(reason !== undefined && { reason }),
    ...(tokenExpires !== undefined && { tokenExpires }),
  };
}
