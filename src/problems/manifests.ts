import { known } from '../problems.ts';

/** What can be wrong with a folder of manifests. */
export const manifestProblems = {
  manifestsMissing: known('manifests-missing', (d: { folder: string }) => ({
    message: `${d.folder} is not a folder of Kubernetes YAML: it does not exist or is not a directory.`,
    hint: 'Give an existing folder with --manifests.',
  })),
  manifestsTooLarge: known('manifests-too-large', (d: { folder: string; what: string; limit: string }) => ({
    message: `${d.folder} is too large: ${d.what} exceeds ${d.limit}. Nothing was read.`,
    hint: "Give a folder with only this cluster's manifests.",
  })),
  manifestsBroken: known('manifests-broken', (d: { folder: string; issues: readonly string[] }) => ({
    message: `Files in ${d.folder} cannot be read: ${d.issues.length} ${d.issues.length === 1 ? 'issue' : 'issues'}, the first: ${d.issues[0] ?? ''}`,
    hint: 'Correct the files; the usual cause is a file that ends in the middle of a value.',
    issues: d.issues,
  })),
  manifestsDuplicate: known('manifests-duplicate', (d: { folder: string; issues: readonly string[] }) => ({
    message: `Objects occur twice in ${d.folder}: ${d.issues[0] ?? ''}`,
    hint: 'Keep one of them, or give a folder for a single cluster.',
    issues: d.issues,
  })),
  manifestForeign: known('manifest-of-another-owner', (d: { object: string; file: string; folder: string }) => ({
    message: `${d.object} is in ${d.file} of ${d.folder}, which meshx did not write.`,
    hint: 'Edit that file by hand; meshx writes and deletes only files under meshx/.',
  })),
  manifestUnwritable: known('manifest-unwritable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot be written: ${d.reason}.`,
    hint: "Check the folder's permissions and free space.",
  })),
  tokenNeedsServer: known('token-needs-api-server', (d: { folder: string; namespace: string; account: string }) => ({
    message: `${d.folder} is a folder of manifests: only an API server can issue a token for ${d.account}.`,
    hint: `Create one for the VM: kubectl create token ${d.account} -n ${d.namespace} --audience istio-ca --duration 10m`,
  })),
  noWatch: known('no-watch', (d: { cluster: string }) => ({
    message: `${d.cluster} cannot be followed: it is not a running cluster.`,
    hint: 'Give the context of the cluster: --context NAME',
  })),
  noPodLogs: known('no-pod-logs', (d: { cluster: string }) => ({
    message: `${d.cluster} has no logs of pods: it is not a running cluster.`,
    hint: 'Give the context of the cluster in which the pod runs: --context NAME',
  })),
};
