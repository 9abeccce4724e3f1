import { known } from '../problems.ts';

/** What can be wrong with a folder of manifests. */
export const manifestProblems = {
  manifestsMissing: known('manifests-missing', (d: { folder: string }) => ({
    message: `${d.folder} is no folder of Kubernetes YAML: it does not exist or is no directory.`,
    hint: 'Name an existing folder with --manifests.',
  })),
  manifestsTooLarge: known('manifests-too-large', (d: { folder: string; what: string; limit: string }) => ({
    message: `${d.folder} is too large: ${d.what} exceeds ${d.limit}. Nothing was read.`,
    hint: 'Give a folder that holds only the manifests of this cluster.',
  })),
  manifestsBroken: known('manifests-broken', (d: { folder: string; issues: readonly string[] }) => ({
    message: `Files in ${d.folder} cannot be read: ${d.issues.length} issue(s), the first: ${d.issues[0] ?? ''}`,
    hint: 'Correct or complete the files; a file that ends in the middle of a value is the usual reason.',
    issues: d.issues,
  })),
  manifestsDuplicate: known('manifests-duplicate', (d: { folder: string; issues: readonly string[] }) => ({
    message: `Objects occur twice in ${d.folder}: ${d.issues[0] ?? ''}`,
    hint: 'Keep one of them, or give the folder of one cluster only.',
    issues: d.issues,
  })),
  manifestForeign: known('manifest-of-another-owner', (d: { object: string; file: string; folder: string }) => ({
    message: `${d.object} stands in ${d.file} of ${d.folder}, which meshx did not write.`,
    hint: 'Change that file by hand; meshx writes and deletes only files below meshx/.',
  })),
  manifestUnwritable: known('manifest-unwritable', (d: { file: string; reason: string }) => ({
    message: `${d.file} cannot be written: ${d.reason}.`,
    hint: 'Check the rights and the free space of the folder.',
  })),
  tokenNeedsServer: known('token-needs-api-server', (d: { folder: string; account: string }) => ({
    message: `${d.folder} is a folder of manifests: only an API server can issue a token for ${d.account}.`,
    hint: 'Bring one to the VM: kubectl create token ACCOUNT -n NAMESPACE --audience istio-ca --duration 10m',
  })),
};
