import { directionOf } from '../../mesh/access-entry.ts';
import { headerOf, isAnswer } from '../../mesh/web-request.ts';
import type { Seen } from '../check.ts';
import { nameVm } from '../vm-in-hints.ts';
import type { RequestSeen } from './request-seen.ts';

/** Which proxies handled the request: by what they logged and counted, and by the headers that they set. */
export function judgeProxies(seen: RequestSeen): Seen {
  const { client } = seen;
  const passed = proxiesOf(seen);
  const detail =
    passed.length > 0
      ? passed.map(({ name, side, by }) => `the ${side}'s proxy of ${name} (${by})`).join(', then ')
      : 'no proxy showed';
  const sides = new Set(passed.map(({ side }) => side));
  const server = serverHeader(seen);
  if (passed.length === 0 && !isAnswered(seen)) return { ok: 'skipped', detail: 'there was no answer' };
  if (client.kind === 'here' || client.kind === 'gateway') {
    if (sides.has('server') || server !== undefined) return { ok: true, detail: withHeader(detail, server) };
    return { ok: false, detail, hint: 'Compare the rules of capture on the VM: meshx capture VM check' };
  }
  if (sides.has('client')) return { ok: true, detail: withHeader(detail, server) };
  // Only the server's proxy writes istio-envoy; the client's own proxy would have replaced it.
  const around = server === 'istio-envoy' ? `${withHeader(detail, server)}: only the server's proxy answered` : detail;
  if (server === 'envoy') return { ok: true, detail: withHeader(detail, server) };
  const why = nameVm('meshx capture VM explain --uid 65534 --to ADDRESS:PORT', client.name.replace(/^VM /, ''));
  const hint = `The traffic of ${client.name} is not captured; find out why: ${why}`;
  return { ok: false, detail: around, ...(client.kind === 'vm' && { hint }) };
}

interface Passed {
  readonly name: string;
  readonly side: 'client' | 'server';
  readonly by: string;
}

function proxiesOf({ entries, counted }: RequestSeen): readonly Passed[] {
  const logged = entries.flatMap(({ source, role, line }): Passed[] => {
    const direction = line && directionOf(line);
    const side = role ?? (direction === 'inbound' ? 'server' : 'client');
    return line ? [{ name: source, side, by: 'access log' }] : [];
  });
  const grown = counted.flatMap(({ proxy, cluster, connections, requests }): Passed[] => {
    const side = cluster.startsWith('inbound') ? 'server' : 'client';
    const isKnown = logged.some((each) => each.side === side);
    return connections + requests > 0 && !isKnown ? [{ name: proxy, side, by: `counter of ${cluster}` }] : [];
  });
  const all = [...logged, ...grown];
  const once = all.filter(
    (each, index) => all.findIndex(({ side, name }) => side === each.side && name === each.name) === index,
  );
  return [...once.filter(({ side }) => side === 'client'), ...once.filter(({ side }) => side === 'server')];
}

function serverHeader({ reply }: RequestSeen): string | undefined {
  const server = reply && isAnswer(reply) ? headerOf(reply, 'server') : undefined;
  return server !== undefined && /^(istio-)?envoy$/.test(server) ? server : undefined;
}

function withHeader(detail: string, server: string | undefined): string {
  return server === undefined ? detail : `${detail}; server: ${server}`;
}

function isAnswered({ reply, connection }: RequestSeen): boolean {
  return (reply !== undefined && isAnswer(reply)) || connection?.outcome === 'bytes' || connection?.outcome === 'open';
}
