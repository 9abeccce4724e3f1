import { isIP } from 'node:net';
import type { IstiodWay, PathWay } from './picture.ts';

type Lines = readonly string[];

/** Parses the part `istiod` of picture.root.sh; undefined for any other text. */
export function parseIstiod(lines: Lines): IstiodWay | undefined {
  const [, name, port, says] = /^asked (\S+) (\d{1,5}) (\S+)$/m.exec(lines.join('\n')) ?? [];
  if (name === undefined || says === undefined) return undefined;
  const words = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const addresses = (word: string): readonly string[] => words(word).filter((text) => isIP(text) > 0);
  const [took = '0', ...found] = (words('found')[0] ?? '').split(' ');
  return {
    ...{ name, says, port: Number(port), tookMs: Number(took) || 0 },
    addresses: found.filter((text) => isIP(text) > 0),
    open: addresses('open'),
    closed: addresses('closed'),
    ...(lines.includes('tls') && { tls: { said: words('verify'), certificate: words('pem').join('\n') } }),
  };
}

/** Parses the part `path` of picture.root.sh; null without a route. */
export function parsePath(lines: Lines): PathWay | null {
  const text = lines.join('\n');
  const route = /^route (.*)$/m.exec(text)?.[1];
  if (route === undefined) return null;
  const [, device, mtu] = /^mtu (\S+) (\d+)$/m.exec(text) ?? [];
  const answer = (size: string): boolean | undefined => {
    const said = new RegExp(`^${size} (yes|no)$`, 'm').exec(text)?.[1];
    return said === undefined ? undefined : said === 'yes';
  };
  const [small, full] = [answer('small'), answer('full')];
  return {
    route,
    ...(device !== undefined && { device, mtu: Number(mtu) }),
    ...(small !== undefined && { small }),
    ...(full !== undefined && { full }),
    ...largest(lines.flatMap((line) => /^fits (\d{2,5})$/.exec(line)?.[1] ?? [])),
  };
}

function largest(sizes: readonly string[]): Pick<PathWay, 'fits'> {
  return sizes.length === 0 ? {} : { fits: Math.max(...sizes.map(Number)) };
}
