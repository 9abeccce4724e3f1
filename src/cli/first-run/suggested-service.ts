import type { OpenPort } from '../../vm/listeners.ts';

/** What well-known servers are registered as, by the name of their executable. */
const SERVERS: readonly (readonly [program: RegExp, name: string, protocol: string])[] = [
  [/^(mysqld|mariadbd)$/, 'mysqldb', 'mysql'],
  [/^postgres(ql)?$/, 'postgresql', 'tcp'],
  [/^(redis|valkey)-server$/, 'redis', 'redis'],
  [/^mongod$/, 'mongodb', 'mongo'],
  [/^(nginx|apache2|httpd|caddy|lighttpd)$/, 'web', 'http'],
];

const HTTP_PORTS: ReadonlySet<number> = new Set([80, 3000, 5000, 8000, 8080, 8081, 8888, 9080]);
const HTTPS_PORTS: ReadonlySet<number> = new Set([443, 8443]);

/** How a port could be registered: `NAME:PROTOCOL:PORT`, to be confirmed by a person. The program's name is untrusted text. */
export function suggestedService({ port, program }: Pick<OpenPort, 'port' | 'program'>): string {
  const server = SERVERS.find(([form]) => form.test(program));
  const plain = program
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  const byPort = HTTPS_PORTS.has(port) ? 'https' : HTTP_PORTS.has(port) ? 'http' : 'tcp';
  const protocol = server?.[2] === 'http' && byPort === 'https' ? 'https' : (server?.[2] ?? byPort);
  return `${server?.[1] ?? (plain === '' ? `port-${port}` : plain)}:${protocol}:${port}`;
}
