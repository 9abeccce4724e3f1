import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { SECRET_VARIABLES } from '../../secret-variables.ts';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import type { ClusterOptions } from '../connection/cluster.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import { archiveOf } from './archive.ts';
import { readClusterParts } from './cluster-parts.ts';
import { readmeOf, summaryOf } from './contents.ts';
import { Redactor } from './redact.ts';
import type { Collected } from './report-part.ts';
import { readVmParts } from './vm-parts.ts';

export interface BugreportOptions {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly vms: readonly string[];
  readonly namespace?: string;
}

/** An archive, and what is in it. */
export interface Bugreport extends Collected {
  /** To quote: `20261130-120000-3f9a1c`. */
  readonly id: string;
  readonly archive: Buffer;
  /** How many secrets of each kind were removed. */
  readonly removed: Readonly<Record<string, number>>;
}

/** VMs that are read at the same time. */
const AT_ONCE = 4;

/**
 * Reads both sides and packs what they gave, without secrets. Changes nothing and leaves nothing on the VMs. What cannot be read is
 * named with the reason. Throws when the run is stopped.
 */
export async function makeBugreport(world: World, options: BugreportOptions): Promise<Bugreport> {
  const { cluster, machine, vms, namespace } = options;
  const began = world.now();
  const redactor = new Redactor(SECRET_VARIABLES.flatMap((name) => world.env[name] ?? []));
  const limit = pLimit(AT_ONCE);
  const about = { redactor, signal: world.signal };
  const ofVms = await Promise.all(
    vms.map((vm) => limit(() => readVmParts(vm, () => openMachine(world, machine, vm), about))),
  );
  const words = new Map(vms.map((vm, index) => [vm, ofVms[index]?.words ?? []]));
  const ofCluster = await readClusterParts(
    world,
    { cluster, machine, vms: words, ...present({ namespace }) },
    redactor,
  );
  const sides = [ofCluster, ...ofVms];
  const files = sides.flatMap((side) => side.files);
  const missing = sides.flatMap((side) => side.missing);
  const id = `${began.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`;
  const contents = { id, files, missing, removed: redactor.counts };
  const facts = { ...contents, vms, version: world.version, began, ended: world.now() };
  const head = [
    { path: 'README.txt', text: readmeOf(facts), isCut: false },
    { path: 'summary.json', text: summaryOf(facts), isCut: false },
  ];
  return { ...contents, archive: await archiveOf(`meshx-bugreport-${id}`, [...head, ...files], began) };
}
