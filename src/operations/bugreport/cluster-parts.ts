import { namesVm, withChosen } from '../../checks/mesh/chosen-vms.ts';
import { reportDocument } from '../../checks/report/document.ts';
import { formatText } from '../../checks/report/text.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Part } from '../../cluster/picture/part.ts';
import type { ClusterPicture } from '../../cluster/picture/picture.ts';
import { readClusterPicture } from '../../cluster/picture/read-picture.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { formatYaml } from '../../mesh/yaml-text.ts';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import { checkMesh } from '../check/check.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import type { Redactor } from './redact.ts';
import { redactDocument } from './redact-document.ts';
import { type Collected, PartCollector } from './report-part.ts';

/** What of a cluster is reported. */
export interface ClusterQuestion {
  readonly cluster: ClusterOptions;
  /** How the VMs are reached. */
  readonly machine: MachineOptions;
  readonly namespace?: string;
  /** The VMs, each with the words by which the cluster may know it. None: all VMs of meshx. */
  readonly vms: ReadonlyMap<string, readonly string[]>;
}

/** Pods of istiod whose logs are read, and lines of each. */
const [MOST_PODS, MOST_LINES] = [3, 3000];

/** Reads what a report shows of a cluster. It reads no Secret. Throws when the run is stopped. */
export async function readClusterParts(
  world: World,
  question: ClusterQuestion,
  redactor: Redactor,
): Promise<Collected> {
  const { cluster, namespace, vms } = question;
  const parts = new PartCollector(redactor, world.signal);
  const opened = await parts.attempt('cluster', () =>
    openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace),
  );
  if (!opened) return parts;
  const { kube, facts } = opened;
  const read = () => readClusterPicture(kube, { facts, now: world.now(), ...present({ namespace }) });
  const picture = await parts.attempt('cluster/objects', read);
  if (!picture) return parts;
  const words = knownWords(picture, vms, parts);
  await addObjects(picture, words, { parts, redactor });
  await addChecks(world, question, parts);
  await addLogs(kube, picture, { parts, signal: world.signal });
  return parts;
}

/** The first word of each VM that the cluster knows. */
function knownWords(picture: ClusterPicture, vms: ClusterQuestion['vms'], parts: PartCollector): readonly string[] {
  return [...vms].flatMap(([vm, words]) => {
    const known = words.find((word) => picture.namespaces.some((namespace) => namesVm(word, namespace)));
    if (known !== undefined) return [known];
    const places = picture.namespaces.map(({ name }) => name).join(', ') || 'none';
    parts.lack(
      `cluster/namespaces: ${vm}`,
      `no group, entry or address of ${words.join(', ')} in the namespaces with VMs: ${places}`,
    );
    return [];
  });
}

async function addObjects(
  picture: ClusterPicture,
  words: readonly string[],
  { parts, redactor }: { readonly parts: PartCollector; readonly redactor: Redactor },
): Promise<void> {
  const { about, mesh, namespaces } = picture;
  await parts.add('cluster/about.json', () => Promise.resolve(JSON.stringify(about)));
  const chosen = namespaces.filter((each) => words.length === 0 || words.some((word) => namesVm(word, each)));
  const records = [
    ['cluster/mesh.yaml', mesh] as const,
    ...chosen.map((each) => [`cluster/namespaces/${each.name}.yaml`, withChosen(words, each).parts] as const),
  ];
  for (const [path, record] of records) {
    // as: the values of both records are parts.
    const all = Object.entries(record as unknown as Readonly<Record<string, Part<unknown>>>);
    for (const [name, part] of all) if ('refused' in part) parts.lack(`${path}: ${name}`, part.reason);
    const found = Object.fromEntries(all.flatMap(([name, part]) => ('found' in part ? [[name, part.found]] : [])));
    // Values by their names first; add() reads the text again.
    await parts.add(path, () => Promise.resolve(formatYaml(redactDocument(found, redactor))));
  }
}

/** Both sides of the VMs; without VMs the whole mesh, as its cluster shows it. */
async function addChecks(
  world: World,
  { cluster, machine, namespace, vms }: ClusterQuestion,
  parts: PartCollector,
): Promise<void> {
  const options = {
    ...{ cluster, vms: [...vms.keys()], only: [], accepted: [], kubectlOptions: [] },
    ...present({ namespace, machine: vms.size > 0 ? machine : undefined }),
  };
  const quiet = { ...world, note: () => undefined };
  const report = await parts.attempt('checks', () => checkMesh(quiet, options));
  if (!report) return;
  await parts.add('checks.json', () => Promise.resolve(JSON.stringify(reportDocument(report))));
  await parts.add('checks.txt', () => Promise.resolve(`${formatText(report).join('\n')}\n`));
}

async function addLogs(
  kube: Kubernetes,
  { mesh, about }: ClusterPicture,
  { parts, signal }: { readonly parts: PartCollector; readonly signal: AbortSignal },
): Promise<void> {
  if (!kube.podLog) return;
  const pods = 'found' in mesh.controlPods ? mesh.controlPods.found.filter(isIstiod) : [];
  for (const { metadata } of pods.slice(0, MOST_PODS))
    await parts.add(`cluster/istiod/${metadata.name}.log`, async () => {
      const query = {
        namespace: about.istioNamespace,
        pod: metadata.name,
        container: 'discovery',
        tail: MOST_LINES,
        follow: false,
      };
      const lines: string[] = [];
      for await (const line of (await kube.podLog?.(query, signal)) ?? []) lines.push(line);
      return `${lines.join('\n')}\n`;
    });
}

function isIstiod({ metadata }: KubeObject): boolean {
  return metadata.labels?.['app'] === 'istiod';
}
