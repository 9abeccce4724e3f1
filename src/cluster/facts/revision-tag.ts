import type { ObjectRef } from '../../mesh/kube-object.ts';
import { text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { readOptional } from './deployment-version.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

interface Revised {
  readonly revision?: string;
  readonly signal?: AbortSignal;
}

/** Runs with the given revision. If no such revision exists, runs again with the revision that the tag points to. */
export async function byRevision<Options extends Revised, Result>(
  kube: Kubernetes,
  options: Options,
  run: (options: Options) => Promise<Result>,
): Promise<Result> {
  try {
    return await run(options);
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== clusterProblems.istioNotFound.id) throw error;
    const revision = await revisionOfTag(kube, options.revision ?? 'default', options.signal);
    if (revision === undefined) throw error;
    return await run({ ...options, revision });
  }
}

/**
 * The revision that a tag points to; undefined without such a tag, or if its webhook may not be read. istiod's objects
 * are named by revision, and operators often know only the tag.
 */
async function revisionOfTag(kube: Kubernetes, tag: string, signal?: AbortSignal): Promise<string | undefined> {
  const webhook: ObjectRef = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    name: `istio-revision-tag-${tag}`,
  };
  const labels = (await readOptional(kube, webhook, signal))?.metadata.labels ?? {};
  const revision = text(labels['istio.io/rev']);
  return labels['istio.io/tag'] === tag && revision !== tag ? revision : undefined;
}
