import { createServer, type Socket } from 'node:net';
import ssh2, { type ParsedKey } from 'ssh2';

export interface SshAgent {
  readonly socket: string;
  /** How many connections to it are open. */
  readonly open: () => number;
  readonly close: () => Promise<void>;
}

/** A real agent (ssh2's own) on that socket, which holds these keys; without keys it accepts and never answers. */
export async function sshAgent(socket: string, privateKeys?: readonly string[]): Promise<SshAgent> {
  const keys = privateKeys?.map((text) => ssh2.utils.parseKey(text) as ParsedKey);
  const sockets = new Set<Socket>();
  const server = createServer((connection) => {
    sockets.add(connection);
    connection.on('close', () => sockets.delete(connection)).on('error', () => undefined);
    if (keys) serve(connection, keys);
    else connection.resume();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      sockets.forEach((each) => each.destroy());
    });
  return { socket, open: () => sockets.size, close };
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
