import { hostsWithEndpoint } from '../../../src/agent/drain/endpoint-view.ts';

const page = (...endpoints: readonly (readonly [host: string, endpoint: string])[]) =>
  endpoints
    .flatMap(([host, endpoint]) => [
      `outbound|3306||${host}::observability_name::outbound|3306||${host}`,
      `outbound|3306||${host}::${endpoint}::cx_active::1`,
      `outbound|3306||${host}::${endpoint}::health_flags::healthy`,
    ])
    .join('\n');

describe('hostsWithEndpoint', () => {
  test('names the hosts with this VM as an endpoint', () => {
    const clusters = page(
      ['mysqldb.vm.svc.cluster.local', '10.150.0.5:3306'],
      ['mysqldb.vm.svc.cluster.local', '10.150.0.6:3306'],
      ['other.vm.svc.cluster.local', '10.150.0.6:3306'],
    );
    const hosts = hostsWithEndpoint(clusters, { address: '10.150.0.5', port: 3306 });
    expect([...hosts]).toEqual(['mysqldb.vm.svc.cluster.local']);
  });

  test('tells addresses and ports apart that begin alike', () => {
    const clusters = page(
      ['a.vm.svc', '10.150.0.50:3306'],
      ['b.vm.svc', '110.150.0.5:3306'],
      ['c.vm.svc', '10.150.0.5:33060'],
    );
    expect(hostsWithEndpoint(clusters, { address: '10.150.0.5', port: 3306 }).size).toBe(0);
  });

  test('reads IPv6 endpoints', () => {
    const hosts = hostsWithEndpoint(page(['mysqldb.vm.svc', '[fd00::5]:3306']), { address: 'fd00::5', port: 3306 });
    expect([...hosts]).toEqual(['mysqldb.vm.svc']);
  });

  test('ignores inbound clusters and a page of another program', () => {
    const inbound = 'inbound|3306||::10.150.0.5:3306::health_flags::healthy';
    expect(hostsWithEndpoint(inbound, { address: '10.150.0.5', port: 3306 }).size).toBe(0);
    expect(hostsWithEndpoint('<html>::health_flags::', { address: '10.150.0.5', port: 3306 }).size).toBe(0);
  });
});
