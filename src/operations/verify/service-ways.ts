import type { ConnectionSeen, Expected, RequestSeen } from '../../checks/verify/request-seen.ts';
import type { Client } from '../../checks/verify/request-seen.ts';
import type { Host } from '../../host/run/host.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { Header, WebRequest } from '../../mesh/web-request.ts';
import { present } from '../../present.ts';
import { connectFrom } from './connect.ts';
import { observeConnection, observeRequest, type Watched } from './observe.ts';
import type { PodProxy } from './pod-lines.ts';
import { clientOf, type Place, sendFrom } from './places.ts';
import type { ServiceFacts, ServicePortFacts } from './service-facts.ts';

/** One way to a port of a service: from where, to which address. */
export interface Way {
  /** `NodePort of a node`, `through the ingress gateway`. */
  readonly name: string;
  /** Why it cannot be tried. */
  readonly skipped?: string;
  readonly place: Place;
  /** Who the client of the service is, if it is not the place itself. */
  readonly client?: Client;
  readonly authority: string;
  /** Path and fields of HTTP. */
  readonly path?: string;
  readonly headers?: readonly Header[];
  readonly meeting?: Meeting;
  /** Pods of proxies on the way. */
  readonly pods?: readonly PodProxy[];
}

export interface Trying {
  readonly service: ServiceFacts;
  readonly port: ServicePortFacts;
  readonly request: Omit<WebRequest, 'url'>;
  readonly expected: Expected;
  /** The VM that serves. */
  readonly server?: Host;
  readonly signal: AbortSignal;
}

/** Whether the port is tried with HTTP. */
export function speaksHttp({ meaning: { protocol } }: ServicePortFacts): boolean {
  return protocol === 'HTTP';
}

/** Goes one way, and collects what was seen. */
export async function tryWay(way: Way, trying: Trying): Promise<RequestSeen> {
  const { port, request, server, signal } = trying;
  const { place, authority, path = '/', headers = [] } = way;
  const watched: Watched = {
    ...(place.kind === 'vm' && { client: place.host }),
    ...(server && { server }),
    pods: way.pods ?? [],
  };
  const expected = expectedOf(way, trying);
  const sending = { client: way.client ?? clientOf(place), watched, expected, signal };
  if (!speaksHttp(port)) {
    const { serverFirst } = port.meaning;
    const target = { ...splitAuthority(authority), serverFirst };
    const connect = (): Promise<ConnectionSeen> => connectFrom(place, target, signal);
    return await observeConnection([port.port.number, targetPort(port)], connect, sending);
  }
  const whole = { ...request, url: `http://${authority}${path}`, headers: [...headers, ...request.headers] };
  return await observeRequest(whole, (marked) => sendFrom(place, marked, signal), sending);
}

function splitAuthority(authority: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(authority) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function targetPort({ endpoints: [endpoint], port }: ServicePortFacts): number {
  return endpoint === undefined ? port.number : Number(/(\d+)$/.exec(endpoint)?.[1]);
}

/** The names of a service that its clients may use. */
function expectedOf(way: Way, { service, port, expected }: Trying): Expected {
  const { name, namespace, host } = service;
  const names = [host, `${name}.${namespace}.svc`, `${name}.${namespace}`, name];
  const withPort = names.flatMap((each) => [each, `${each}:${port.port.number}`]);
  return { ...expected, endpoints: port.endpoints, authorities: withPort, ...present({ meeting: way.meeting }) };
}
