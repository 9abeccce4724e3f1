/** Thrown if only the system's ssh can log in, with host certificates, user certificates or KnownHostsCommand. */
export class NeedsOpenSsh extends Error {
  /** The reason, with file and line if any, for messages. */
  readonly why: string;
  /** The host key that is already trusted; ssh must accept no other. */
  readonly hostKey: Buffer | undefined;
  /** The failure of the login without ssh. */
  readonly refused: Error | undefined;

  constructor(why: string, known: { readonly hostKey?: Buffer; readonly refused?: Error } = {}) {
    super(why);
    this.why = why;
    this.hostKey = known.hostKey;
    this.refused = known.refused;
  }
}
