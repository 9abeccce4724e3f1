/** Thrown where only the system's ssh can log in: it checks host certificates, offers user certificates, runs KnownHostsCommand. */
export class NeedsOpenSsh extends Error {
  /** What asks for it, with file and line where there is one: the sentence goes into messages. */
  readonly why: string;
  /** The host key that was judged to be right already; ssh is to accept no other. */
  readonly hostKey: Buffer | undefined;
  /** How the login ended without it. */
  readonly refused: Error | undefined;

  constructor(why: string, known: { readonly hostKey?: Buffer; readonly refused?: Error } = {}) {
    super(why);
    this.why = why;
    this.hostKey = known.hostKey;
    this.refused = known.refused;
  }
}
