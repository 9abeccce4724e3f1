/** The facts of a VM before planning: parsed answers of the preflight probe. */
export interface VmFacts {
  /** ID of /etc/os-release: debian, ubuntu, rhel, … and its VERSION_ID. */
  readonly os: { readonly id: string; readonly version: string; readonly name: string };
  /** Debian's name: amd64, arm64. */
  readonly architecture: string;
  readonly hostname: string;
  /** Its address in /etc/hosts, if it has one. */
  readonly hostnameAddress?: string;
  /** The address that routes to istiod; it is registered. */
  readonly address: string;
  /** All candidates, the chosen one included. */
  readonly addresses: readonly string[];
  /** No interface has the address: it is translated on the way to the machine. */
  readonly translated?: true;
  /** Ports on which sshd listens or the operator's session runs. Never captured. */
  readonly sshPorts: readonly number[];
  readonly nameservers: readonly string[];
  /** ufw keeps the machine's firewall. */
  readonly ufw?: true;
}
