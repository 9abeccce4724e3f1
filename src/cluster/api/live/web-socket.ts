import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { clientFrame, FrameReader, OPCODE } from './web-socket-frames.ts';

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A connection that both sides agreed to use, or the answer of a server that did not agree. */
export type Upgrade = { readonly socket: WebSocketStream } | { readonly refusal: IncomingMessage };

/** Opens a WebSocket with one subprotocol. */
export function openWebSocket(url: URL, protocol: string, { headers, ...options }: RequestOptions): Promise<Upgrade> {
  const key = randomBytes(16).toString('base64');
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const upgrade = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    ...{ 'sec-websocket-key': key, 'sec-websocket-protocol': protocol },
  };
  return new Promise((resolve, reject) => {
    const sent = send(url, { ...options, method: 'GET', headers: { ...headers, ...upgrade } });
    sent.on('error', reject);
    sent.on('response', (refusal) => resolve({ refusal }));
    sent.on('upgrade', ({ headers: answer }, socket, first) => {
      const accepted = createHash('sha1').update(`${key}${GUID}`).digest('base64');
      if (answer['sec-websocket-accept'] === accepted && answer['sec-websocket-protocol'] === protocol)
        return resolve({ socket: new WebSocketStream(socket, first) });
      socket.destroy();
      reject(Object.assign(new Error('the server speaks another WebSocket protocol'), { code: 'EPROTO_WEBSOCKET' }));
    });
    sent.end();
  });
}

/** Binary messages over a socket that was upgraded. */
export class WebSocketStream {
  /** The connection beneath; paused and resumed by the reader. */
  readonly beneath: Duplex;
  readonly #reader = new FrameReader();
  readonly #first: Buffer;

  constructor(socket: Duplex, first: Buffer) {
    this.beneath = socket;
    this.#first = first;
  }

  /** Hands over each message, and the end with its error if there was one. To be called once. */
  listen(message: (payload: Buffer) => void, ended: (error?: Error) => void): void {
    const read = (piece: Buffer): void => {
      try {
        for (const { opcode, payload } of this.#reader.push(piece)) this.#handle(opcode, payload, message);
      } catch (error) {
        this.beneath.destroy(error as Error);
      }
    };
    this.beneath.on('error', ended).on('close', () => ended());
    this.beneath.on('end', () => this.beneath.end());
    this.beneath.on('data', read);
    if (this.#first.length > 0) read(this.#first);
  }

  #handle(opcode: number, payload: Buffer, message: (payload: Buffer) => void): void {
    if (opcode === OPCODE.ping) this.beneath.write(clientFrame(OPCODE.pong, payload));
    if (opcode === OPCODE.close) this.close();
    if (opcode === OPCODE.binary || opcode === OPCODE.text) message(payload);
  }

  send(payload: Buffer, sent: (error?: Error | null) => void): void {
    this.beneath.write(clientFrame(OPCODE.binary, payload), sent);
  }

  close(): void {
    if (this.beneath.writable) this.beneath.end(clientFrame(OPCODE.close, Buffer.alloc(0)));
  }
}
