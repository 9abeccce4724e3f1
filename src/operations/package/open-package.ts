import { readFile, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LocalHost } from '../../host/local-host.ts';
import { publishedDigest } from '../../mesh/istio-package.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { expectedSha256, openSidecarPackage, type OpenedPackage } from '../../vm/sidecar-package.ts';
import type { World } from '../../world.ts';
import { cacheFolder } from '../join/cache.ts';
import { reasonOf, shownUrl } from './http-get.ts';
import { cachedFile } from './package-cache.ts';

/** A package of the network. */
interface Remote {
  readonly url: URL;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Opens the package that an operator names: a file, a directory of binaries, or a URL with its digest. Throws the problems of
 * problems/sidecar-package.ts.
 */
export async function openGivenPackage(
  world: World,
  { from, sha256 }: { readonly from: string; readonly sha256?: string },
): Promise<OpenedPackage> {
  if (!/^https?:\/\//.test(from)) return await open(world, from, sha256);
  const wanted = expectedSha256(sha256);
  const url = new URL(from);
  if (wanted === undefined) throw packageProblems.sha256Needed({ url: shownUrl(url) });
  return await openDownloaded(world, { url, sha256: wanted });
}

/** Opens a package of the network. What the cache has of it is fetched again if it was changed there. */
export async function openDownloaded(world: World, remote: Remote): Promise<OpenedPackage> {
  const path = await fetchPackage(world, remote);
  try {
    return await open(world, path, remote.sha256);
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== packageProblems.sha256Wrong.id) throw error;
    await rm(path, { force: true });
    return await open(world, await fetchPackage(world, remote), remote.sha256);
  }
}

/** Opens a file of a directory, by the digest that was published with it if the directory has that too. */
export async function openWithChecksum(world: World, path: string, sha256: string | undefined): Promise<OpenedPackage> {
  return await open(world, path, sha256 ?? (await digestBeside(path)));
}

/** A published checksum is a line of some 90 bytes. */
const MOST_BYTES = 1024;

async function digestBeside(path: string): Promise<string | undefined> {
  const file = `${path}.sha256`;
  const found = await stat(file).catch(() => undefined);
  if (!found) return undefined;
  const refuse = (reason: string, cause?: unknown) => packageProblems.checksumUnreadable({ url: file, reason }, cause);
  // A pipe may never end.
  if (!found.isFile() || found.size > MOST_BYTES) throw refuse('it is no sha256');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refuse(reasonOf(error), error);
  });
  const digest = publishedDigest(text);
  if (digest === undefined) throw refuse('it is no sha256');
  return digest;
}

async function fetchPackage(world: World, { url, sha256 }: Remote): Promise<string> {
  const { env, signal, note } = world;
  const [name, host] = [basename(url.pathname), url.host];
  const began = performance.now();
  let fetched = false;
  const fetching = (): void => {
    fetched = true;
    note(`downloading ${name} from ${host}`);
  };
  const waiting = (): void => note(`waiting for another run of meshx that downloads ${name}`);
  const path = await cachedFile({
    folder: cacheFolder(world, 'packages'),
    url,
    sha256,
    env,
    signal,
    fetching,
    waiting,
  });
  const ms = performance.now() - began;
  if (fetched) world.record?.({ kind: 'request', name: `download ${name}`, where: host, ms });
  return path;
}

async function open(world: World, from: string, sha256: string | undefined): Promise<OpenedPackage> {
  const { cwd, signal } = world;
  await using operator = new LocalHost();
  return await openSidecarPackage({ from, cwd, operator, signal, ...present({ sha256 }) });
}
