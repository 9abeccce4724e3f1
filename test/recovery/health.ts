import type { AgentSnapshot } from '../../src/agent/status/snapshot.ts';

/** How an agent reports that has no way to the API server. */
const WITHOUT_API = 'the settings name no API server';

/** What a VM without a fault is like. */
export interface Clean {
  readonly mode: AgentSnapshot['reporter']['mode'];
  /** Services that are out of rotation. */
  readonly out?: readonly string[];
}

/** What of this status is not as on such a VM. Empty: nothing. Pure. */
export function unclean(status: AgentSnapshot, { mode, out = [] }: Clean): readonly string[] {
  const { reporter, judged, services, invalidFiles, sidecar, deviations, identity } = status;
  const wrong = services.filter(({ name, inRotation }) => inRotation === out.includes(name));
  return [
    ...(reporter.mode === mode ? [] : [`the mode is ${reporter.mode}`]),
    ...(reporter.reason === (mode === 'api' ? undefined : WITHOUT_API) ? [] : [`reporter: ${reporter.reason ?? ''}`]),
    ...(judged ? [] : ['not every service is judged']),
    ...wrong.map(({ name, state, reason }) => `${name} is ${state}: ${reason}`),
    ...invalidFiles.map(({ file }) => `${file} is invalid`),
    ...(sidecar?.state === 'ready' ? [] : [`the sidecar is ${sidecar?.state ?? 'unknown'}: ${sidecar?.reason ?? ''}`]),
    ...deviations,
    ...(identity?.state === 'valid'
      ? []
      : [`the identity is ${identity?.state ?? 'unknown'}: ${identity?.reason ?? ''}`]),
  ];
}
