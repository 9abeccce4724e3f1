import { judgeFiles, type PlacedObject } from '../../checks/lint/judge-files.ts';
import type { CheckReport } from '../../checks/report/report.ts';
import { parseManifests } from '../../cluster/api/manifests/parse-manifests.ts';
import { knownResource } from '../../cluster/api/kinds.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';

export interface LintOptions {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Of objects that name none. */
  readonly namespace: string;
  readonly clusterDomain: string;
}

/** Judges the objects of files, without a cluster. */
export function lintManifests({ files, namespace, clusterDomain }: LintOptions): CheckReport {
  const start = performance.now();
  const parsed = files.map(({ name, text }) => parseManifests(text, name));
  const objects = parsed.flatMap((file) =>
    file.objects.map((object, index): PlacedObject => ({
      object: inNamespace(object, namespace),
      place: file.places[index] ?? '',
    })),
  );
  const issues = parsed.flatMap((file) => file.issues);
  return {
    cluster: files.map(({ name }) => name).join(', '),
    namespaces: [...new Set(objects.flatMap(({ object }) => object.metadata.namespace ?? []))].sort(),
    results: judgeFiles({ objects, issues, clusterDomain }),
    ms: Math.round(performance.now() - start),
  };
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.metadata.namespace !== undefined || knownResource(object)?.namespaced === false) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
