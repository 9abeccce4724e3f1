import { publishedDigest } from '../../mesh/istio-package.ts';
import { Problem } from '../../problems.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { World } from '../../world.ts';
import { cacheFolder } from '../join/cache.ts';
import { httpGet, reasonOf, shortText, shownUrl } from './http-get.ts';
import { digestOf } from './package-cache.ts';

/** A line of some 90 bytes. */
const MOST_BYTES = 1024;
const LIMIT_MS = 60_000;

/**
 * The digest of a published package: from its `.sha256`, as Istio's release builder writes it (pkg/util/files.go). A package that was
 * fetched from there before keeps its digest, so nothing is asked again. `what` names the package. Throws `package-not-published`,
 * `package-checksum-unreadable`, `proxy-unusable`, and the reason of the signal.
 */
export async function publishedChecksum(
  world: World,
  { url, what }: { readonly url: URL; readonly what: string },
): Promise<string> {
  const known = await digestOf(cacheFolder(world, 'packages'), url);
  if (known !== undefined) return known;
  const published = new URL(`${url.href}.sha256`);
  const refuse = (reason: string, cause?: unknown) =>
    packageProblems.checksumUnreadable({ url: shownUrl(published), reason }, cause);
  const text = await withTimeLimit(LIMIT_MS, world.signal, (signal) => read(world, { published, what, signal })).catch(
    (error: unknown) => {
      world.signal.throwIfAborted();
      throw error instanceof Problem ? error : refuse(reasonOf(error), error);
    },
  );
  const digest = publishedDigest(text);
  if (digest === undefined) throw refuse('the answer is no sha256');
  return digest;
}

interface Reading {
  readonly published: URL;
  readonly what: string;
  readonly signal: AbortSignal;
}

async function read({ env }: World, { published, what, signal }: Reading): Promise<string> {
  const answer = await httpGet(published, { env, signal });
  if (answer.statusCode === 404) {
    answer.destroy();
    throw packageProblems.notPublished({ what, where: shownUrl(published).replace(/\.sha256$/, '') });
  }
  return await shortText(answer, MOST_BYTES);
}
