import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import fc from 'fast-check';
import { openConnections } from '../../../src/agent/drain/open-connections.ts';

const texts = () => ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));

describe('openConnections', () => {
  test.each(['127.0.0.1', '::1'])(
    'counts what a real server on %s has accepted, and not what only listens',
    async (host) => {
      const accepted: Socket[] = [];
      const server = createServer((socket) => accepted.push(socket)).listen(0, host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const ports = new Set([port]);
      expect(openConnections(texts(), ports)).toBe(0);
      const clients = [connect(port, host), connect(port, host)];
      await Promise.all(clients.map((client) => once(client, 'connect')));
      expect(openConnections(texts(), ports)).toBe(2);
      clients.forEach((client) => client.destroy());
      accepted.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
      expect(openConnections(texts(), ports)).toBe(0);
    },
  );

  test('skips lines in another form', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(openConnections([text, `0: ${text} 01`, '0: 0100007F:XYZ 0 01'], new Set([1]))).toBe(0);
      }),
    );
  });
});
