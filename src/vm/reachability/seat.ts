/** Where meshx runs, as seen from the VM. Checks that need a client outside the mesh only run from a seat outside. */
export type Seat =
  | { readonly outside: true; /** For the details of checks. */ readonly name: string }
  | { readonly outside: false; readonly why: string };

export interface SeatFacts {
  /** The VM's address in the mesh. */
  readonly address: string;
  /** All addresses of the machine that meshx runs on. */
  readonly own: readonly string[];
  /** Both ends of an SSH connection without jump host and ProxyCommand, as this machine sees them. */
  readonly direct?: { readonly local: string; readonly localPort: number; readonly remote: string };
  /** SSH_CONNECTION of the login, the VM's view of it; empty if unknown. */
  readonly session: string;
  /** Whether a sidecar listens on this machine. */
  readonly sidecar: boolean;
  /** Whether the VM's own host key answers at its mesh address; called only if nothing else decides. */
  readonly answersThere: () => Promise<boolean>;
}

/** Judges by what both ends see of the login. A lying VM can only lose checks of its own. */
export async function judgeSeat(facts: SeatFacts): Promise<Seat> {
  const { address, own, direct, sidecar } = facts;
  const session = sessionOf(facts.session);
  const same = [address, session?.server ?? ''].find((each) => own.includes(each) && !isLoopback(each));
  if (same !== undefined) return inside(`meshx runs on the VM itself: ${same} is an address of this machine`);
  if (session && (session.client === session.server || session.client === address))
    return inside(`the VM sees the login come from itself (${session.client})`);
  if (sidecar) return inside('meshx runs inside the mesh: a sidecar listens on this machine (127.0.0.1:15001)');
  if (direct && session?.client === direct.local && session.clientPort !== direct.localPort)
    return inside(`connections from this machine are redirected on it: the VM sees port ${session.clientPort}`);
  const straight = session !== undefined && session.server === address && own.includes(session.client);
  if (!straight && direct?.remote !== address && !(await facts.answersThere()))
    return inside(`from this machine ${address} is not known to lead to the VM`);
  const translated = direct !== undefined && session !== undefined && !own.includes(session.client);
  return { outside: true, name: `this machine${translated ? `, behind NAT as ${session.client}` : ''}` };
}

const inside = (why: string): Seat => ({ outside: false, why });

function sessionOf(text: string) {
  const [client, clientPort, server] = text.trim().split(/\s+/);
  return client && clientPort && server ? { client, clientPort: Number(clientPort), server } : undefined;
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
