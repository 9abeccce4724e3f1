import { list, mapping, text } from '../mesh/unknown.ts';
import type { ConfigDump, Dumped } from './config-dump.ts';
import { alignColumns } from './columns.ts';
import { type FilterChain, filterChain } from './filter-chains.ts';
import { compareText, wholeNumber } from './names.ts';

/** A listener of Envoy. */
export interface Listener {
  readonly name: string;
  /** IP addresses, or the path of a socket. */
  readonly addresses: readonly string[];
  /** 0 for a socket and an internal listener. */
  readonly port: number;
  readonly type: 'HTTP' | 'TCP' | 'HTTP+TCP' | 'UNKNOWN';
  readonly chains: readonly FilterChain[];
  readonly version?: string;
  readonly updated?: string;
}

/** What istioctl can select listeners by. */
export interface ListenerFilter {
  readonly address?: string;
  readonly port?: number;
  readonly type?: string;
}

/** The listeners by port, address and type. */
export function listenersOf({ listeners }: ConfigDump, filter: ListenerFilter = {}): readonly Listener[] {
  return listeners
    .map(listenerOf)
    .filter((listener) => matches(listener, filter))
    .sort(
      (a, b) =>
        a.port - b.port || compareText(a.addresses[0] ?? '', b.addresses[0] ?? '') || compareText(a.type, b.type),
    );
}

function listenerOf({ resource, version, updated }: Dumped): Listener {
  const { address, additional_addresses: more, filter_chains: chains, default_filter_chain: last } = resource;
  const all = [...list(chains), ...(last === undefined ? [] : [last])].map(filterChain);
  const socket = mapping(mapping(address)['socket_address']);
  return {
    name: text(resource['name']) ?? '',
    addresses: [
      text(socket['address']) ?? text(mapping(mapping(address)['pipe'])['path']) ?? '',
      ...list(more).map((each) => text(mapping(mapping(mapping(each)['address'])['socket_address'])['address']) ?? ''),
    ],
    port: wholeNumber(socket['port_value']) ?? 0,
    type: typeOf(all),
    chains: all,
    ...(version && { version }),
    ...(updated && { updated }),
  };
}

function typeOf(chains: readonly FilterChain[]): Listener['type'] {
  const [http, tcp] = ['http' as const, 'tcp' as const].map((kind) =>
    chains.some((chain) => chain.kinds.includes(kind)),
  );
  if (http) return tcp ? 'HTTP+TCP' : 'HTTP';
  return tcp ? 'TCP' : 'UNKNOWN';
}

function matches({ addresses, port, type }: Listener, filter: ListenerFilter): boolean {
  const asked = filter.address?.toLowerCase();
  const here = asked === undefined || addresses.some((address) => address.toLowerCase() === asked);
  const same = filter.type === undefined || filter.type.toLowerCase() === type.toLowerCase();
  return here && same && (filter.port === undefined || filter.port === port);
}

/** The table of `istioctl proxy-config listeners`. */
export function formatListeners(listeners: readonly Listener[]): readonly string[] {
  const rows = listeners.flatMap(({ addresses, port, chains }) =>
    chains
      .toSorted((a, b) => compareText(b.destination, a.destination))
      .map(({ match, destination }) => [addresses.join(','), String(port), match, destination]),
  );
  return alignColumns([['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'], ...rows], 1);
}
