import { judgeFiles, type PlacedObject } from '../../checks/lint/judge-files.ts';
import type { CheckReport } from '../../checks/report/report.ts';
import { type ParsedManifests, parseManifests } from '../../cluster/api/manifests/parse-manifests.ts';
import { knownResource } from '../../cluster/api/kinds.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';

/** A file, or why it cannot be read. */
export type LintedFile =
  { readonly name: string; readonly text: string } | { readonly name: string; readonly reason: string };

export interface LintOptions {
  readonly files: readonly LintedFile[];
  /** Of objects that name none. */
  readonly namespace: string;
  readonly clusterDomain: string;
}

/** Judges the objects of files, without a cluster. */
export function lintManifests({ files, namespace, clusterDomain }: LintOptions): CheckReport {
  const start = performance.now();
  const parsed = files.map(parsedFile);
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

function parsedFile(file: LintedFile): ParsedManifests {
  if ('text' in file) return parseManifests(file.text, file.name);
  return { objects: [], places: [], issues: [`${file.name}: ${file.reason}`] };
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.metadata.namespace !== undefined || knownResource(object)?.namespaced === false) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
