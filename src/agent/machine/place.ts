import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { automaticEntryName } from '../../mesh/entry-name.ts';
import { present } from '../../present.ts';
import type { AgentSettings, MeshPlace } from '../settings.ts';

/** Written at each start of the sidecar, by root. */
const INSTANCE = '/run/meshx/instance.env';

/** The address that the sidecar registers, of the text of instance.env; undefined if it names none. Pure. */
export function registeredAddress(text: string): string | undefined {
  const [, address = ''] = /^INSTANCE_IP='([0-9A-Fa-f:.]{1,45})'$/m.exec(text) ?? [];
  return isIP(address) > 0 ? address : undefined;
}

/** The address with which the sidecar started; undefined before its first start. `path` is for tests. */
export function readRegisteredAddress(path = INSTANCE): string | undefined {
  try {
    return registeredAddress(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The place of the VM with the address that its sidecar registers now: istiod gives an entry of another address another name. The
 * settings have the address of the join. Pure.
 */
export function placeNow({ mesh, translated }: AgentSettings, registered: string | undefined): MeshPlace {
  if (registered === undefined || registered === mesh.address || translated) return mesh;
  const { group, network } = mesh;
  const entry = automaticEntryName({ group, address: registered, ...present({ network: network || undefined }) });
  return { ...mesh, address: registered, entry };
}
