import { spawn } from 'node:child_process';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ParsedKey, ServerChannel } from 'ssh2';

export interface SshServerOptions {
  /** Public keys (blobs) that may log in; without them every key may. */
  readonly authorizedKeys?: readonly Buffer[];
  readonly hostKeyTypes?: readonly ('ed25519' | 'rsa' | 'ecdsa')[];
  /** sshd's MaxSessions: more channels at once are refused. 10 when absent. */
  readonly maxSessions?: number;
  /** `cut-at-exec`: the connection is closed when a command is asked for. */
  readonly fault?: 'cut-at-exec' | 'hang-at-authentication';
  readonly forwarding?: boolean;
  /** The port of 127.0.0.1 that is reached for every other one. */
  readonly forwardTo?: number;
  /** Runs this instead of each command, as ForceCommand and nologin do. */
  readonly forceCommand?: string;
  /** Runs this, with the command in $SSH_ORIGINAL_COMMAND: login files that print, for instance. */
  readonly wrap?: string;
  /** A folder whose programs come before the machine's own. */
  readonly path?: string;
}

export interface SshServer {
  readonly port: number;
  /** Public blobs, in the order of `hostKeyTypes`. */
  readonly hostKeys: readonly Buffer[];
  readonly hostKey: Buffer;
  /** The most channels that were open at once, and how many connections came. */
  readonly seen: { readonly mostChannels: number; readonly connections: number; readonly refusedChannels: number };
  /** Closes all connections from this side without a word. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** A new key pair in OpenSSH's format. */
export function keyPair(type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519', passphrase?: string) {
  const locked = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 4 };
  const bits = type === 'rsa' ? 2048 : 256;
  for (;;) {
    // The package's types want the options of each key type apart.
    const pair = ssh2.utils.generateKeyPairSync(type as 'rsa', { bits, ...locked } as never);
    const key = ssh2.utils.parseKey(pair.public);
    // Now and then its generator writes a key that its own parser refuses (ssh2 1.17): then another one is made.
    if ('getPublicSSH' in key)
      return { privateKey: pair.private, publicLine: pair.public.trim(), blob: key.getPublicSSH() };
  }
}

/** A real SSH server on loopback (ssh2's own) that runs each command with `sh -c`, in a group of its own, as sshd does. */
export async function sshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const pairs = (options.hostKeyTypes ?? ['ed25519']).map((type) => keyPair(type));
  const seen = { mostChannels: 0, connections: 0, refusedChannels: 0 };
  const connections = new Set<Connection>();
  const sockets = new Set<Socket>();
  const server = new ssh2.Server({ hostKeys: pairs.map((pair) => pair.privateKey) }, (connection) => {
    seen.connections += 1;
    connections.add(connection);
    connection.on('error', () => undefined).on('close', () => connections.delete(connection));
    connection.on('authentication', (attempt) => authenticate(attempt, options));
    connection.on('ready', () => serve(connection, options, seen));
  });
  // The package keeps the net.Server within; a fault below SSH needs the sockets.
  const inner = (server as unknown as { _srv: Server })._srv;
  inner.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      cut();
    });
  const hostKeys = pairs.map((pair) => pair.blob);
  return {
    port: (server.address() as AddressInfo).port,
    hostKeys,
    hostKey: hostKeys[0] ?? Buffer.of(),
    seen,
    cut,
    close,
  };
}

function authenticate(attempt: AuthContext, { authorizedKeys, fault }: SshServerOptions): void {
  if (fault === 'hang-at-authentication') return;
  if (!authorizedKeys) return attempt.accept();
  const known = attempt.method === 'publickey' && authorizedKeys.find((key) => key.equals(attempt.key.data));
  if (!known || attempt.method !== 'publickey') return attempt.reject(['publickey']);
  if (!attempt.signature) return attempt.accept();
  const key = ssh2.utils.parseKey(known) as ParsedKey;
  const valid = attempt.blob !== undefined && key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
  return valid ? attempt.accept() : attempt.reject(['publickey']);
}

interface Seen {
  mostChannels: number;
  refusedChannels: number;
}

function serve(connection: Connection, options: SshServerOptions, seen: Seen): void {
  let open = 0;
  connection.on('session', (accept, reject) => {
    if (open >= (options.maxSessions ?? 10)) {
      seen.refusedChannels += 1;
      return void reject();
    }
    open += 1;
    seen.mostChannels = Math.max(seen.mostChannels, open);
    const session = accept();
    session.on('close', () => (open -= 1));
    session.on('exec', (acceptExec, _reject, { command }) => {
      if (options.fault === 'cut-at-exec') {
        acceptExec();
        return void connection.end();
      }
      runCommand(acceptExec(), command, options);
    });
  });
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (options.forwarding === false) return void reject();
    const { forwardTo } = options;
    const socket = forwardTo === undefined ? connectTcp(destPort, destIP) : connectTcp(forwardTo, '127.0.0.1');
    const channel = accept();
    socket.on('error', () => channel.end());
    channel.on('error', () => socket.destroy());
    socket.pipe(channel).pipe(socket);
  });
}

function runCommand(channel: ServerChannel, command: string, { forceCommand, wrap, path }: SshServerOptions): void {
  const PATH = `${path === undefined ? '' : `${path}:`}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH, SSH_ORIGINAL_COMMAND: command };
  const child = spawn('sh', ['-c', forceCommand ?? wrap ?? command], { detached: true, env });
  child.stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  // sshd leaves such a process alone; here it would outlive the test.
  channel.on('close', () => {
    if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  });
  child.on('close', (code, signal) => {
    if (code === null) channel.exit((signal ?? 'SIGTERM').slice(3));
    else channel.exit(code);
    channel.end();
  });
}
