import type { AgentSnapshot } from '../../src/agent/status/snapshot.ts';

/** What of this status is not as on a VM without a fault, where only these services are out of rotation. Empty: nothing. Pure. */
export function unclean(status: AgentSnapshot, out: readonly string[] = []): readonly string[] {
  const { reporter, judged, services, invalidFiles, sidecar, deviations, identity } = status;
  const wrong = services.filter(({ name, inRotation }) => inRotation === out.includes(name));
  return [
    ...(reporter.mode === 'api' ? [] : [`the mode is ${reporter.mode}`]),
    ...(reporter.reason === undefined ? [] : [`reporter: ${reporter.reason}`]),
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
