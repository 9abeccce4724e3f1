import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';

const DAY_MS = 86_400_000;

/** Ready if a TLS handshake succeeds with a certificate that is trusted and lasts at least `minDays` days. */
export async function tls(method: Method<'tls'>, attempt: Attempt): Promise<ProbeResult> {
  const connection = await Connection.open(attempt, { port: method.port });
  const socket = await connection.startTls(method);
  const certificate = socket.getPeerCertificate();
  // Node returns {} for a server without a certificate.
  const expires = Date.parse(certificate.valid_to ?? '');
  const protocol = plain(socket.getProtocol() ?? '', 20);
  if (Number.isNaN(expires)) return failed('the server showed no certificate that can be read');
  const days = Math.floor((expires - Date.now()) / DAY_MS);
  const details = { protocol, daysLeft: days };
  if (method.minDays !== undefined && days < method.minDays)
    return failed(days < 0 ? 'the certificate has expired' : `the certificate expires in ${days} days`, details);
  return ok(`certificate expires in ${days} days`, details);
}
