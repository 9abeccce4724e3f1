import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request for another protocol, its connection, and the first bytes after the request. */
export type Upgraded = [request: IncomingMessage, socket: Socket, head: Buffer];

interface PodPort {
  readonly port: number;
  /** Port of 127.0.0.1 that plays the pod's; absent for one that nothing listens on. */
  readonly local: number | undefined;
}

const server = new WebSocketServer({ noServer: true });

/** A kubelet's answer to a request for a port, by the protocol v4.channel.k8s.io: data on channel 0, an error on channel 1. */
export function servePodPort(asked: Upgraded, { port, local }: PodPort): void {
  server.handleUpgrade(...asked, (client) => {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    for (const channel of [0, 1]) client.send(Buffer.concat([Buffer.of(channel), number]));
    join(client, port, local);
  });
}

function join(client: WebSocket, port: number, local: number | undefined): void {
  const refuse = (): void => {
    client.send(Buffer.from(`\u0001error forwarding port ${port} to pod: connection refused`));
    client.close();
  };
  client.on('error', () => undefined);
  if (local === undefined) return refuse();
  const pod = connect(local, '127.0.0.1');
  pod.on('data', (data: Buffer) => client.send(Buffer.concat([Buffer.of(0), data])));
  pod.on('error', refuse).on('end', () => client.close());
  client.on('close', () => pod.destroy());
  // as: of the binaryType `nodebuffer`, the default, every message is a Buffer.
  client.on('message', (message) => pod.write((message as Buffer).subarray(1)));
}

export function refuseUpgrade(socket: Socket, code: number, message: string): void {
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, reason: STATUS_CODES[code], code });
  const head = [`HTTP/1.1 ${code} ${STATUS_CODES[code]}`, 'Content-Type: application/json', 'Connection: close'];
  socket.end(`${[...head, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`);
}
