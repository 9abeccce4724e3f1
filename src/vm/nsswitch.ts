/**
 * /etc/nsswitch.conf with `dns` before `resolve`, or undefined if nothing changes. nss-resolve queries systemd-resolved over D-Bus, so
 * the program never sends the packet that DNS capture redirects.
 */
export function nsswitchWithDnsFirst(text: string): string | undefined {
  const line = /^hosts:.*$/m.exec(text)?.[0];
  if (!line) return undefined;
  const words = line.split(/\s+/).slice(1);
  const resolve = words.indexOf('resolve');
  const dns = words.indexOf('dns');
  if (resolve < 0 || (dns >= 0 && dns < resolve)) return undefined;
  const rest = words.filter((word, at) => word !== 'dns' && at < resolve);
  const behind = words.slice(resolve).filter((word) => word !== 'dns');
  return text.replace(/^hosts:.*$/m, () => `hosts: ${[...rest, 'dns', ...behind].join(' ')}`);
}
