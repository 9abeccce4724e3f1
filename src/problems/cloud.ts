import { known } from '../problems.ts';

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** What can be wrong with Google Cloud. */
export const cloudProblems = {
  cloudCredentialsMissing: known('cloud-credentials-missing', (d: { reason: string }) => ({
    message: `No Google Cloud credentials found: ${d.reason}`,
    hint: 'Log in with: gcloud auth application-default login',
  })),
  projectUnknown: known('project-unknown', (_d: object) => ({
    message: 'The Google Cloud project is unknown.',
    hint: 'Give it with --project, or set GOOGLE_CLOUD_PROJECT.',
  })),
  instanceAmbiguous: known('instance-ambiguous', (d: { name: string; project: string; zones: readonly string[] }) => ({
    message: `Project ${d.project} has ${d.zones.length} instances named ${d.name}: in ${list(d.zones)}.`,
    hint: `Choose one with: --zone ${d.zones[0] ?? 'ZONE'}`,
  })),
  clusterAmbiguous: known(
    'cluster-ambiguous',
    (d: { cluster: string; project: string; locations: readonly string[] }) => ({
      message: `Project ${d.project} has ${d.locations.length} clusters named ${d.cluster}: in ${list(d.locations)}.`,
      hint: `Choose one with: --zone ${d.locations[0] ?? 'ZONE'}`,
    }),
  ),
  clusterNotFound: known('cluster-not-found', (d: { cluster: string; project: string; known: readonly string[] }) => ({
    message: `Project ${d.project} has no cluster ${d.cluster}; it has: ${list(d.known)}.`,
    hint: 'Check the name, --project and --zone.',
  })),
  cloudForbidden: known('cloud-forbidden', (d: { request: string; project: string; reason: string }) => ({
    message: `Google Cloud does not let you ${d.request} in project ${d.project}: ${d.reason}`,
    hint: 'Check the account with: gcloud auth list, and its role compute.viewer (container.viewer for clusters).',
  })),
  cloudFailed: known('cloud-failed', (d: { request: string; project: string; reason: string }) => ({
    message: `Google Cloud failed to ${d.request} in project ${d.project}: ${d.reason}`,
    hint: 'Try again. If it persists, check the project and the network.',
  })),
  forwardingRulesLeft: known('forwarding-rules-left', (d: { project: string; rules: readonly string[] }) => ({
    message: `Load balancers of deleted Services are still in project ${d.project}: ${list(d.rules)}.`,
    hint: 'Check again with: gcloud compute forwarding-rules list',
    issues: d.rules,
  })),
};
