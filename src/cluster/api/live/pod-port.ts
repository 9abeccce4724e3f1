import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { PodPortQuery } from '../kubernetes.ts';
import { problemOf } from './api-problems.ts';
import { resourcePath } from './resource-paths.ts';
import type { ApiRequest, Transport } from './transport.ts';

/**
 * Every kubelet serves it, and API servers pass it through: two channels for each port, data and error, whose first message is
 * the number of the port. Source: k8s.io/kubelet, pkg/cri/streaming/portforward/websocket.go.
 */
const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;

/**
 * Opens a connection to a port of a pod. Throws Problems of the request; the stream fails if the pod refuses. `signal` ends the request
 * only.
 */
export async function openPodPort(
  transport: Transport,
  cluster: string,
  { namespace, pod, port }: PodPortQuery,
  signal: AbortSignal,
): Promise<Duplex> {
  const object = `Pod ${namespace}/${pod}`;
  const path = `${resourcePath({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod })}/portforward?ports=${port}`;
  const request: ApiRequest = { method: 'GET', path, summary: `forward port ${port} of ${object}` };
  const upgrade = await transport.upgrade(request, PROTOCOL, signal);
  if ('socket' in upgrade) return new PodPort(upgrade.socket);
  throw problemOf({ cluster, request, answer: upgrade.answer, object });
}

/** The data of one port as a stream. A text on the error channel destroys it with that text. */
class PodPort extends Duplex {
  readonly #socket: WebSocket;
  /** Channels whose first message was seen. */
  readonly #begun = new Set<number>();

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    // as: of the binaryType `nodebuffer`, the default, every message is a Buffer.
    socket.on('message', (message) => this.#take(message as Buffer));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.push(null));
  }

  #take(message: Buffer): void {
    const [channel = DATA] = message;
    const content = message.subarray(1);
    if (!this.#begun.has(channel)) return void this.#begun.add(channel);
    if (content.length === 0) return;
    if (channel !== DATA) this.destroy(new Error(content.subarray(0, 500).toString('utf8')));
    else if (!this.push(content)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]), done);
  }

  override _final(done: () => void): void {
    // The protocol has no half-closed connection.
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}
