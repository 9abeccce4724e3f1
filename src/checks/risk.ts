/** Every risk of a machine that can be accepted by its name. */
export const RISKS = [
  'apparmor',
  'config-management',
  'dnat-accepted',
  'foreign-address',
  'hand-made-sidecar',
  'host-firewall',
  'kubernetes-node',
  'loopback-only',
  'network-login',
  'output-firewall',
  'policy-routing',
  'service-in-container',
  'untested-os',
  'version-skew',
] as const;

/** Risks of a mesh that can be accepted when it is checked. */
export const MESH_RISKS = ['public-control-plane'] as const;

export type Risk = (typeof RISKS)[number] | (typeof MESH_RISKS)[number];
