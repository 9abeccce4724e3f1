import { readFileSync } from 'node:fs';
import type { Result } from '../../../src/checks/check.ts';
import { judgeVm } from '../../../src/checks/vm/judge-vm.ts';
import type { ClusterPicture } from '../../../src/cluster/picture/picture.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { inputOf } from '../../../src/operations/check/vm-answer.ts';
import { vmSubject } from '../../../src/operations/check/vm-subject.ts';
import { inspectionOf } from '../../../src/vm/inspect.ts';
import { parsePicture } from '../../../src/vm/picture/parse-picture.ts';
import { parseAnswers } from '../../../src/vm/preflight/probe.ts';

/** Three files that a healthy VM of the lab and its mesh gave. */
const text = (name: string): string => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8');
const RECORDED = { picture: text('picture.txt'), preflight: text('preflight.txt'), root: text('root-cert.pem') };
/** When they were recorded. */
export const NOW = new Date('2026-11-30T23:09:20Z');

/** The part of a recording that another text takes the place of. */
type Edit = readonly [from: string | RegExp, to: string];

export interface World {
  readonly picture?: readonly Edit[];
  readonly preflight?: readonly Edit[];
  /** Lines KEY=VALUE behind those of an env file. */
  readonly env?: { readonly file: string; readonly lines: string };
  readonly entry?: object | null;
  readonly root?: string;
  readonly istiod?: string;
  readonly isAmbient?: boolean;
  readonly now?: Date;
}

function edited(recording: string, edits: readonly Edit[] = []): string {
  return edits.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`the recording has no ${String(from)}`);
    return after;
  }, recording);
}

const base64 = (plain: string): string => Buffer.from(plain).toString('base64');

function withEnv(recording: string, { file, lines }: NonNullable<World['env']>): string {
  return recording.replace(
    new RegExp(`^(env \\S+/${file.replace('.', '\\.')}) (\\S+)$`, 'm'),
    (_, name: string, now: string) => {
      return `${name} ${base64(`${Buffer.from(now, 'base64').toString('utf8')}\n${lines}\n`)}`;
    },
  );
}

const GROUP: KubeObject = {
  ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', metadata: { name: 'db1', namespace: 'vm' } },
  spec: { template: { ports: { 'mysql-3306': 3306 }, serviceAccount: 'db1' } },
};

function anEntry(spec: object): KubeObject {
  const annotations = { 'istio.io/autoRegistrationGroup': 'db1' };
  return {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry' },
    metadata: { name: 'db1-10.150.0.5', namespace: 'vm', annotations },
    spec: { address: '10.150.0.5', ports: { 'mysql-3306': 3306 }, serviceAccount: 'db1', ...spec },
  };
}

function clusterOf({ entry = {}, root = RECORDED.root, istiod = '1.30.4', isAmbient = false }: World): ClusterPicture {
  const deployment = {
    metadata: { name: 'istiod', namespace: 'istio-system' },
    spec: { template: { spec: { containers: [{ image: `docker.io/istio/pilot:${istiod}` }] } } },
  };
  const parts = {
    groups: { found: entry === null ? [] : [GROUP] },
    entries: { found: entry === null ? [] : [anEntry(entry)] },
    services: { found: [] },
  };
  // as: the checks of a VM read these parts only.
  return {
    about: { cluster: 'mesh', live: true, now: NOW, suffix: '', istioNamespace: 'istio-system' },
    mesh: {
      controlRoots: { found: { kind: 'ConfigMap', metadata: { name: 'roots' }, data: { 'root-cert.pem': root } } },
      controlDeployments: { found: [deployment] },
      isAmbient: { found: isAmbient },
    },
    namespaces: [{ name: 'vm', parts }],
  } as unknown as ClusterPicture;
}

/** What is found on the recorded VM after these changes. */
export function judged(world: World = {}): readonly Result[] {
  const now = world.now ?? NOW;
  const recording = edited(RECORDED.picture, world.picture);
  const picture = parsePicture(world.env ? withEnv(recording, world.env) : recording);
  const preflight = edited(RECORDED.preflight, world.preflight).replace(
    /^clock\|\d+$/m,
    `clock|${now.getTime() / 1000}`,
  );
  const answers = parseAnswers(preflight);
  if (!answers) throw new Error('the recording has no answers');
  const inspected = { answers, session: '', now };
  const inspection = inspectionOf(inspected, inputOf('db1', now));
  const answer = { vm: 'db1', picture, inspected, inspection, place: 'vm', group: 'db1' };
  return judgeVm(vmSubject(answer, clusterOf(world), ['ssh', 'db1']));
}

/** The ids of failures, each once. */
export function failed(world: World = {}): readonly string[] {
  return [...new Set(judged(world).flatMap(({ ok, id }) => (ok === false ? [id] : [])))].sort();
}

/** A later part of a recording, in base64. */
export { base64 };
