import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { WebSocket } from 'ws';

/** Of a whole message. Kubelets send what one read of a connection gave, 32 KiB. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A connection that both sides agreed to use, paused; or the answer of a server that did not agree. */
export type Upgrade = { readonly socket: WebSocket } | { readonly refusal: IncomingMessage };

/** Opens a WebSocket with one subprotocol. Throws what Node.js and ws throw. */
export function openWebSocket(url: URL, protocol: string, options: RequestOptions): Promise<Upgrade> {
  const target = new URL(url);
  target.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  // as: ws hands its options on to node:https, but its types are narrower.
  const own = { perMessageDeflate: false, maxPayload: MOST_BYTES } as const;
  const socket = new WebSocket(target, protocol, { ...(options as object), ...own });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, refusal) => resolve({ refusal }));
    socket.once('open', () => {
      // No message may arrive before its reader.
      socket.pause();
      resolve({ socket });
    });
  });
}
