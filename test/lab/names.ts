import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Everything of one lab is named from one word, so that two labs run side by side on one machine. */
export interface Names {
  /** MESHX_LAB, `mx` unless set. */
  readonly lab: string;
  /** What a running lab writes: processes, logs, keys, the VMs' own layer. Gone after `down`. */
  readonly run: string;
  /** What was built: programs and root file systems. Gone after `purge`; labs share it. */
  readonly cache: string;
  /** The checkout the lab was started from. */
  readonly project: string;
  /** The hub: operator's workstation, API server and control plane at 10.150.0.1. */
  readonly hub: string;
}

/** Reads MESHX_LAB and MESHX_LAB_CACHE. Throws when the name could not be part of a namespace or a host name. */
export function labNames(env: NodeJS.ProcessEnv = process.env): Names {
  const lab = env['MESHX_LAB'] || 'mx';
  if (!/^[a-z][a-z0-9]{0,9}$/.test(lab))
    throw new Error(`MESHX_LAB "${lab}" is not 1 to 10 lower case letters or digits`);
  const cache = env['MESHX_LAB_CACHE'] || '/var/cache/meshx-lab';
  const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  return { lab, run: join('/var/tmp/meshx-lab', lab), cache, project, hub: lab };
}

/** The names of a second lab that a test of this one may start; `down` ends it too. */
export function secondLab(names: Names): Names {
  return labNames({ MESHX_LAB: `${names.lab.slice(0, 9)}b`, MESHX_LAB_CACHE: names.cache });
}

/** Network namespace of a VM, a pod or a plain host. */
export function namespaceOf(names: Names, member: string): string {
  return member === names.hub ? names.hub : `${names.lab}-${member}`;
}

/** The hub's end of a member's cable. The kernel takes 15 characters; longer names become a hash. */
export function cableOf(member: string): string {
  const name = `v-${member}`;
  return name.length <= 15 ? name : `v-${createHash('sha256').update(member).digest('hex').slice(0, 12)}`;
}
