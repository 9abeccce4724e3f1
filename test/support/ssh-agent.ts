import { createServer, type Socket } from 'node:net';
import ssh2, { type ParsedKey } from 'ssh2';

export interface SshAgent {
  readonly socket: string;
  readonly close: () => Promise<void>;
}

/** A real agent (ssh2's own) on that socket, which holds these keys. */
export async function sshAgent(socket: string, privateKeys: readonly string[]): Promise<SshAgent> {
  const keys = privateKeys.map((text) => ssh2.utils.parseKey(text) as ParsedKey);
  const sockets = new Set<Socket>();
  const server = createServer((connection) => {
    sockets.add(connection);
    connection.on('close', () => sockets.delete(connection)).on('error', () => undefined);
    serve(connection, keys);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      sockets.forEach((each) => each.destroy());
    });
  return { socket, close };
}

function serve(connection: Socket, keys: readonly ParsedKey[]): void {
  const protocol = new ssh2.AgentProtocol(false);
  protocol.on('error', () => connection.destroy());
  protocol.on('identities', (request) => protocol.getIdentitiesReply(request, [...keys]));
  protocol.on('sign', (request, asked, data, { hash }) => {
    const held = keys.find((key) => key.getPublicSSH().equals((asked as ParsedKey).getPublicSSH()));
    if (held) protocol.signReply(request, held.sign(data, hash));
    else protocol.failureReply(request);
  });
  connection.pipe(protocol).pipe(connection);
}
