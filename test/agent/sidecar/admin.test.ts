import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askAdmin } from '../../../src/agent/sidecar/admin.ts';

const servers: ReturnType<typeof createServer>[] = [];
const serve = async (listener: RequestListener): Promise<number> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const { signal } = new AbortController();

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe("a page of the sidecar's Envoy", () => {
  it('is the text of the answer', async () => {
    const port = await serve(({ url }, answer) => answer.end(`page ${url}`));
    expect(await askAdmin('/certs', { signal, port })).toBe('page /certs');
  });

  it('is undefined after an error, a broken answer, and silence', async () => {
    const refused = await serve((_asked, answer) => answer.writeHead(404).end('no'));
    expect(await askAdmin('/certs', { signal, port: refused })).toBeUndefined();
    const broken = await serve((_asked, answer) => {
      answer.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => answer.destroy());
    });
    expect(await askAdmin('/certs', { signal, port: broken })).toBeUndefined();
    const silent = await serve(() => undefined);
    expect(await askAdmin('/certs', { signal, port: silent, timeoutMs: 50 })).toBeUndefined();
  });

  it('is undefined when no one listens, and when it never ends', async () => {
    const port = await serve((_asked, answer) => answer.end());
    servers.splice(0).forEach((server) => server.close());
    expect(await askAdmin('/certs', { signal, port })).toBeUndefined();
    const block = Buffer.alloc(1024 * 1024, 'x');
    const endless = await serve((_asked, answer) => {
      const more = (): void => {
        while (answer.write(block) && !answer.destroyed);
      };
      answer.on('drain', more);
      more();
    });
    expect(await askAdmin('/clusters', { signal, port: endless, timeoutMs: 30_000 })).toBeUndefined();
  });
});
