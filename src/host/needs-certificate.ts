/** Thrown when known_hosts answers with a certificate authority, which ssh2 cannot check. */
export class NeedsCertificate extends Error {
  readonly where: string;

  constructor(where: string) {
    super('only a host certificate is trusted here');
    this.where = where;
  }
}
