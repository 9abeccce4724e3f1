/** What leads from a port's name to the scheme of its URLs. */
export type Scheme = 'http' | 'https';

interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

export interface ChosenPort<Port> {
  readonly port: Port;
  readonly scheme: Scheme;
}

const HTTP = /^(http|http2)(-|$)/;
const HTTPS = /^https(-|$)/;

/**
 * The port of a gateway that URLs are for: by name `http2`, else `http` or `http-…`, else 80; `https` or 443 when that was asked
 * for, or when nothing else is there; else the only port. The position of a port says nothing. `wanted` is the name or the number of a port.
 */
export function gatewayPort<Port extends NamedPort>(
  ports: readonly Port[],
  { wanted, https = false }: { readonly wanted?: string; readonly https?: boolean } = {},
): ChosenPort<Port> | undefined {
  const tcp = ports.filter(({ protocol }) => protocol === 'TCP');
  if (wanted !== undefined) {
    const found = tcp.find(({ name, port }) => name === wanted || String(port) === wanted);
    return found && { port: found, scheme: isHttps(found) ? 'https' : 'http' };
  }
  const secure = tcp.find(({ name }) => HTTPS.test(name)) ?? tcp.find(({ port }) => port === 443);
  const plain =
    tcp.find(({ name }) => name === 'http2') ??
    tcp.find(({ name }) => HTTP.test(name)) ??
    tcp.find(({ port }) => port === 80);
  if (plain !== undefined && !https) return { port: plain, scheme: 'http' };
  if (secure !== undefined) return { port: secure, scheme: 'https' };
  const [only, another] = tcp;
  return only === undefined || another !== undefined || https ? undefined : { port: only, scheme: 'http' };
}

function isHttps({ name, port }: NamedPort): boolean {
  return HTTPS.test(name) || (name === '' && port === 443);
}
