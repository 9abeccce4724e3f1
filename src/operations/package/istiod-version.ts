import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { revisionSuffix } from '../../cluster/api/refs.ts';
import { imageTag, readOptional } from '../../cluster/facts/deployment-version.ts';
import type { CurrentFacts } from '../../mesh/cluster-facts.ts';
import { isVersionWord, versionOfTag } from '../../mesh/istio-package.ts';
import { shown } from '../../problems/mesh.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';

/** The version of istiod, and the Deployment that says so, for messages. */
export interface IstiodVersion {
  readonly version: string;
  readonly deployment: string;
}

/** Reads which version istiod has. Throws `istiod-version-unknown`. */
export async function istiodVersion(
  kube: Kubernetes,
  { istioNamespace: namespace, revision }: Pick<CurrentFacts, 'istioNamespace' | 'revision'>,
  signal: AbortSignal,
): Promise<IstiodVersion> {
  const name = `istiod${revisionSuffix(revision)}`;
  const deployment = `Deployment ${namespace}/${name}`;
  const found = await readOptional(kube, { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }, signal);
  const refuse = (reason: string) => packageProblems.versionUnknown({ deployment, reason });
  if (found === undefined) throw refuse('does not exist, or you may not read it');
  const tag = imageTag(found);
  if (tag === undefined) throw refuse('names its image by a digest only, and has no label app.kubernetes.io/version');
  const version = versionOfTag(tag);
  if (!isVersionWord(version)) throw refuse(`has the version ${shown(version)}, which is no word`);
  return { version, deployment };
}
