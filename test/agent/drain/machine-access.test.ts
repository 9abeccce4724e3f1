import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { drainAccess } from '../../../src/agent/drain/machine-access.ts';
import { parseServiceFile } from '../../../src/agent/services/service-file.ts';

const { signal } = new AbortController();

describe('what a drain sees on the machine', () => {
  it('is the open connections of the service and the endpoints of the sidecar', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let clusters = `outbound|${port}||web.vm.svc.cluster.local::10.0.0.5:${port}::health_flags::healthy\n`;
    const admin = createHttpServer((_asked, answer) => answer.end(clusters)).listen(0, '127.0.0.1');
    await once(admin, 'listening');
    const { port: adminPort } = admin.address() as AddressInfo;
    const service = parseServiceFile('web.yaml', `name: web\nports: {http: ${port}}\n`);
    const place = { namespace: 'vm', address: '10.0.0.5', isReported: () => true, adminPort };
    const access = drainAccess(place);

    expect(await access.open(service)).toBe(0);
    const client = connect(port, '127.0.0.1');
    await once(server, 'connection');
    expect(await access.open(service)).toBe(1);
    client.destroy();

    expect(await access.isEndpoint(service, signal)).toBe(true);
    expect(await drainAccess({ ...place, namespace: 'v' }).isEndpoint(service, signal)).toBe(false);
    clusters = '';
    expect(await access.isEndpoint(service, signal)).toBe(false);
    server.close();
    admin.closeAllConnections();
    admin.close();
    await once(admin, 'close');
    expect(await access.isEndpoint(service, signal)).toBeUndefined();
  });
});
