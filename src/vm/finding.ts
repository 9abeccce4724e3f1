/** One thing the preflight has to say about a machine. */
export interface Finding {
  /** Stable word, `port-in-use`. */
  readonly id: string;
  /** `error` stops, `risk` stops unless it is accepted by name, `note` is printed. */
  readonly severity: 'error' | 'risk' | 'note';
  readonly message: string;
  readonly hint: string;
  /** Name for `--accept-risk=NAME`; present with severity `risk`. */
  readonly risk?: Risk;
}

/** Every risk that can be accepted by its name. */
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
] as const;

export type Risk = (typeof RISKS)[number];
