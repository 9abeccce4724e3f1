import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { judgePicture } from '../../src/checks/mesh/judge-picture.ts';
import { formatJunit } from '../../src/checks/report/junit.ts';
import { sarifDocument } from '../../src/checks/report/sarif.ts';
import { formatShort, formatText } from '../../src/checks/report/text.ts';
import { parseManifests } from '../../src/cluster/api/manifests/parse-manifests.ts';
import { readClusterPicture } from '../../src/cluster/picture/read-picture.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { Problem } from '../../src/problems.ts';
import { readXml } from '../support/xml.ts';
import { ClusterOfObjects } from './support/cluster-of-objects.ts';
import { mutatedJson } from './support/mutations.ts';
import { fuzzAsync, holds } from './support/statement.ts';

const objectsIn = (folder: string): readonly KubeObject[] => {
  const at = new URL(`../golden/check/${folder}/manifests/`, import.meta.url);
  const texts = readdirSync(at).map((file) => readFileSync(new URL(file, at), 'utf8'));
  return texts.flatMap((text) => parseManifests(text, 'x.yaml').objects);
};

const meshes: fc.Arbitrary<readonly KubeObject[]> = mutatedJson([objectsIn('faulty'), objectsIn('healthy')])
  // as: an API server answers with objects; what is in them is for the reader to check.
  .map((value) => (Array.isArray(value) ? (value as KubeObject[]) : []));

const signal = new AbortController().signal;
const FACTS = { istioNamespace: 'istio-system', signal };

fuzzAsync(
  'any mesh gives a result for each check, which every format can print, or a Problem',
  fc.tuple(meshes, fc.constantFrom(undefined, { namespace: 'web', account: 'frontend' })),
  async ([objects, caller]) => {
    const question = { facts: FACTS, now: new Date(0), ...(caller && { caller }) };
    const picture = await readClusterPicture(new ClusterOfObjects(objects), question).catch((error: unknown) => {
      if (error instanceof Problem) return undefined;
      throw error;
    });
    if (!picture) return;
    const results = judgePicture(picture, { vms: [], only: [], kubectlOptions: [] });
    for (const { id, ok, detail } of results) holds(ok === true || detail !== '', id);
    const report = { cluster: 'fuzz', namespaces: [], results, ms: 0 };
    holds(formatText(report).length > 0 && formatShort(report).every((line) => line !== ''), results);
    holds(JSON.stringify(sarifDocument(report, '1')).length > 0, results);
    readXml(formatJunit(report));
  },
);
