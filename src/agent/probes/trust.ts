import { readFile, stat } from 'node:fs/promises';
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { Failure } from './attempt.ts';
import type { TlsTrust } from './options.ts';

/** Contexts by file of authorities: to make one for each probe would cost more than the handshake. */
const contexts = new Map<string, { readonly version: number; readonly context: SecureContext }>();

/** Starts TLS over an open connection. */
export function secured(
  socket: Socket,
  secureContext: SecureContext,
  { trust, address, alpn }: { readonly trust: TlsTrust; readonly address: string; readonly alpn: readonly string[] },
): TLSSocket {
  const name = trust.name ?? address;
  return connect({
    socket,
    secureContext,
    host: name,
    // RFC 6066, section 3: an address is not sent as SNI.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    rejectUnauthorized: trust.verify,
  });
}

/**
 * The context that trusts the authorities of this file, or those that Node ships; the file is read again when it has changed. Throws a
 * Failure if it cannot be used.
 */
export async function contextFor(file: string | undefined): Promise<SecureContext> {
  try {
    const version = file === undefined ? 0 : (await stat(file)).mtimeMs;
    const known = contexts.get(file ?? '');
    if (known?.version === version) return known.context;
    const context = createSecureContext(file === undefined ? {} : { ca: await readFile(file) });
    contexts.set(file ?? '', { version, context });
    return context;
  } catch (error) {
    throw new Failure(`cannot use the authorities in ${file ?? 'Node'}`, { cause: error });
  }
}
