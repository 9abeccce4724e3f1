import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ISTIO_RELEASES } from '../../mesh/istio-package.ts';
import { meshProblems, shown } from '../../problems/mesh.ts';

/** Where packages come from: a place laid out as Istio's releases, or the VM's own apt repositories. */
export type PackageSource =
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'distribution' };

const [NONE, DISTRIBUTION] = ['none', 'distribution'] as const;

/** Sources that are neither a URL nor a path. */
export const SOURCE_WORDS: readonly string[] = [NONE, DISTRIBUTION];

/**
 * Reads the source that an operator names: a URL, a directory, `distribution` for the VM's own repositories, or `none`, which gives
 * undefined. Istio's own releases if nothing is named. Without encryption, and without a digest from elsewhere, anyone on the way could
 * replace package and checksum; so http is for this machine alone. Throws `bad-input`.
 */
export function parsePackageSource(
  text: string | undefined,
  { cwd, isPinned }: { readonly cwd: string; readonly isPinned: boolean },
): PackageSource | undefined {
  if (text === NONE) return undefined;
  if (text === DISTRIBUTION) return { kind: 'distribution' };
  const given = text ?? ISTIO_RELEASES;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return { kind: 'directory', path: resolve(cwd, given) };
  if (!URL.canParse(given)) throw refused(given, 'is no URL');
  const url = new URL(given.endsWith('/') ? given : `${given}/`);
  if (url.search !== '' || url.hash !== '')
    throw refused(given, 'has a query, and the path of the package comes behind it');
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && (isPinned || isThisMachine(url)));
  if (!isSafe) throw refused(given, 'is not encrypted; use https, or give the digest of the package too');
  return { kind: 'url', url };
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

/** A password in a URL is not repeated. */
function refused(given: string, why: string): Error {
  return meshProblems.badInput({ issues: [`${shown(given.replace(/\/\/[^/?#]*@/, '//'))} ${why}`] });
}
