import { createHash } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

interface PodPort {
  readonly port: number;
  /** Port of 127.0.0.1 that plays the pod's; absent for one that nothing listens on. */
  readonly local: number | undefined;
}

/** A kubelet's answer to a request for a port, by the protocol v4.channel.k8s.io: data on channel 0, an error on channel 1. */
export function servePodPort(request: IncomingMessage, socket: Socket, { port, local }: PodPort): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const protocol = request.headers['sec-websocket-protocol'];
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(
    `${[...head, `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`].join('\r\n')}\r\n\r\n`,
  );
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  for (const channel of [0, 1]) socket.write(frame(2, Buffer.concat([Buffer.of(channel), number])));
  const refuse = (): void => {
    socket.write(frame(2, Buffer.from(`\u0001error forwarding port ${port} to pod: connection refused`)));
    socket.end(frame(8, Buffer.alloc(0)));
  };
  socket.on('error', () => undefined);
  if (local === undefined) return refuse();
  const pod = connect(local, '127.0.0.1');
  // A message in two frames, and a ping in between.
  pod.on('data', (data: Buffer) => {
    socket.write(frame(2, Buffer.of(0), false));
    socket.write(frame(9, Buffer.from('there?')));
    socket.write(frame(0, data));
  });
  pod.on('error', refuse).on('end', () => socket.end(frame(8, Buffer.alloc(0))));
  socket.on('close', () => pod.destroy());
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = readFrames(Buffer.concat([rest, data]), (opcode, payload) => {
      if (opcode === 2 && payload[0] === 0) pod.write(payload.subarray(1));
      if (opcode === 8) pod.end();
    });
  });
}

export function refuseUpgrade(socket: Socket, code: number, message: string): void {
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, reason: STATUS_CODES[code], code });
  const head = [`HTTP/1.1 ${code} ${STATUS_CODES[code]}`, 'Content-Type: application/json', 'Connection: close'];
  socket.end(`${[...head, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`);
}

/** A frame of a server: not masked. */
function frame(opcode: number, payload: Buffer, final = true): Buffer {
  const first = (final ? 0x80 : 0) | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.of(first, payload.length), payload]);
  const size = Buffer.alloc(10);
  size[0] = first;
  size[1] = 127;
  size.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([size, payload]);
}

/** Hands over the whole frames of a client, which must be masked, and returns what is left. */
function readFrames(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer {
  if (bytes.length < 2) return bytes;
  const [first = 0, second = 0] = bytes;
  if ((second & 0x80) === 0) throw new Error('a frame of a client is not masked');
  const short = second & 0x7f;
  const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < begin + 4) return bytes;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = begin + 4 + length;
  if (bytes.length < end) return bytes;
  const mask = bytes.subarray(begin, begin + 4);
  take(first & 0x0f, Buffer.from(bytes.subarray(begin + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0))));
  return readFrames(bytes.subarray(end), take);
}
