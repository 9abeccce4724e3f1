import type { ServicePort } from './service-port.ts';

/** Protocols of Istio's API. */
export type Protocol = 'GRPC' | 'GRPC-WEB' | 'HTTP' | 'HTTP2' | 'HTTPS' | 'MONGO' | 'REDIS' | 'TCP' | 'TLS';

/** What the name of a port means to Istio. */
export interface PortMeaning {
  readonly protocol: Protocol;
  /**
   * False when the name gives no protocol. meshx then declares TCP, because Istio would detect it from the first bytes.
   */
  readonly declared: boolean;
  /** For people: "HTTP", "plain TCP". */
  readonly words: string;
  /** The server speaks first, so a proxy that waits for the client's first bytes waits forever. */
  readonly serverFirst: boolean;
}

const PREFIXES: Readonly<Record<string, Protocol>> = {
  grpc: 'GRPC',
  http: 'HTTP',
  http2: 'HTTP2',
  https: 'HTTPS',
  mongo: 'MONGO',
  // MySQL's own filter is off by default (PILOT_ENABLE_MYSQL_FILTER), so the name means TCP.
  mysql: 'TCP',
  redis: 'REDIS',
  tcp: 'TCP',
  tls: 'TLS',
};

/**
 * Protocols whose server speaks first. Istio's list also has 53 and 27017, but DNS, MongoDB and PostgreSQL clients
 * speak first; Istio only exempts those ports from detection.
 */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([21, 22, 25, 110, 143, 587, 3306, 33060]);
const SERVER_FIRST_WORDS = /(^|-)(mysql|mariadb|smtp|ftp|ssh|imap|pop3|telnet|irc|vnc)($|-)/;
const CLIENT_FIRST: ReadonlySet<Protocol> = new Set<Protocol>([
  'GRPC',
  'GRPC-WEB',
  'HTTP',
  'HTTP2',
  'HTTPS',
  'MONGO',
  'REDIS',
  'TLS',
]);

/** The protocol that Istio derives from a port's name: the part before the first "-", except for grpc-web. */
export function portMeaning(port: ServicePort): PortMeaning {
  const name = port.name.toLowerCase();
  const word = name.startsWith('grpc-web') ? 'GRPC-WEB' : PREFIXES[name.split('-')[0] ?? ''];
  const protocol = word ?? 'TCP';
  return {
    protocol,
    declared: word !== undefined,
    words: protocol === 'TCP' ? 'plain TCP' : protocol,
    serverFirst: !CLIENT_FIRST.has(protocol) && speaksFirst(name, port.number),
  };
}

/** The protocol of a port in a Sidecar resource, whose API has no REDIS. */
export function sidecarProtocol(port: ServicePort): Protocol {
  const { protocol } = portMeaning(port);
  return protocol === 'REDIS' ? 'TCP' : protocol;
}

/** Whether the server speaks first in the protocol that the port's number or a word of its name suggests. */
export function speaksFirst(name: string, number: number): boolean {
  return SERVER_FIRST_WORDS.test(name) || SERVER_FIRST_PORTS.has(number);
}
