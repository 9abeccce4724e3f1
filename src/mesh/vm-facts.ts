/** What meshx found out about a VM before it plans: parsed answers of the preflight probe. */
export interface VmFacts {
  /** ID of /etc/os-release: debian, ubuntu, rhel, … and its VERSION_ID. */
  readonly os: { readonly id: string; readonly version: string; readonly name: string };
  /** Debian's word: amd64, arm64. */
  readonly architecture: string;
  readonly hostname: string;
  /** The address that /etc/hosts gives for it; absent when it has no line there. */
  readonly hostnameAddress?: string;
  /** The address that routes to istiod; it is registered. */
  readonly address: string;
  /** All candidates, the chosen one included. */
  readonly addresses: readonly string[];
  /** Ports on which sshd listens or the operator's session runs. Never captured. */
  readonly sshPorts: readonly number[];
  readonly nameservers: readonly string[];
  /** ufw keeps the machine's firewall. */
  readonly ufw?: true;
}
