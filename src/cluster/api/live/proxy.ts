import type { Agent } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { clusterProblems } from '../../../problems/cluster.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, by Go's rules: HTTPS_PROXY or HTTP_PROXY by the scheme, but not for this machine and not
 * for hosts in NO_PROXY. Undefined for a direct connection. Throws `proxy-unusable`.
 */
export function environmentProxy(target: URL, env: Environment): URL | undefined {
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const given = env[name] || env[name.toLowerCase()];
  if (!given || isExempt(target, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  const isUrl = URL.canParse(given) && new URL(given).host !== '';
  return proxyUrl(isUrl ? given : `http://${given}`, name);
}

const SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** Reads the address of a proxy. Throws `proxy-unusable`, which names its source and never its password. */
export function proxyUrl(given: string, from: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && SCHEMES.includes(url.protocol) && url.hostname !== '') return url;
  throw clusterProblems.proxyUnusable({ from });
}

/** Connects through a proxy, which also resolves the name of the target. */
export async function proxyAgent(proxy: URL, target: URL): Promise<Agent> {
  const keepAlive = { keepAlive: true };
  if (proxy.protocol.startsWith('socks5')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    return new SocksProxyAgent(proxy.href.replace(/^socks5:/, 'socks5h:'), keepAlive);
  }
  if (target.protocol === 'http:') {
    const { HttpProxyAgent } = await import('http-proxy-agent');
    return new HttpProxyAgent(proxy, keepAlive);
  }
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  return new HttpsProxyAgent(proxy, keepAlive);
}

function isExempt(target: URL, list: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return true;
  return list
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .some((word) => word !== '' && matches(word, host, port));
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `*`, a range, `host`, `.host`, `*.host`, an address; the last four with a port or without. */
function matches(word: string, host: string, port: string): boolean {
  if (word === '*') return true;
  if (word.includes('/')) return isIP(host) !== 0 && inRange(word, host);
  const { name, only } = splitPort(word);
  if (only !== undefined && only !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const domain = name.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function splitPort(word: string): { readonly name: string; readonly only: string | undefined } {
  const found = /^(\[.*\]|[^:]*):(\d+)$/.exec(word);
  return { name: (found?.[1] ?? word).replace(/^\[|\]$/g, ''), only: found?.[2] };
}

function inRange(range: string, host: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const [family, most] = isIP(network) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family);
  return isIP(host) === (family === 'ipv6' ? 6 : 4) && block.check(host, family);
}
