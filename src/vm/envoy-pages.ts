import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Host } from '../host/run/host.ts';
import { envoyProblems } from '../problems/envoy.ts';
import { shellFile } from '../text-files.ts';

const PAGES = shellFile(new URL('./envoy-pages.sh', import.meta.url));
/** The configuration of a sidecar that receives a mesh of more than ten thousand services. */
const MOST_MIB = 128;
const MOST = MOST_MIB * 1024 * 1024;
/** For each page; the script's own limit is 20 s, and a failed page is requested twice. */
const LIMIT_MS = 60_000;

/**
 * Pages of the sidecar's admin interface, which answers on 127.0.0.1:15000 of the VM, by one command. Needs no root. `POST` changes
 * Envoy's state. Throws `envoy-silent`, `envoy-answer-too-big`, `envoy-unreadable`.
 */
export async function readEnvoyPages(
  host: Host,
  pages: readonly string[],
  { method = 'GET', signal }: { readonly method?: 'GET' | 'POST'; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const argv = ['sh', '-c', PAGES.text, `meshx-${PAGES.name}`, method, String(MOST), ...pages] as const;
  const { stdout } = await host.run({ argv: [...argv], timeoutMs: LIMIT_MS * pages.length }, signal);
  const lines = stdout.split('\n');
  return await Promise.all(pages.map((page, index) => answer(lines[index] ?? '', { vm: host.name, page: `/${page}` })));
}

async function answer(line: string, about: { readonly vm: string; readonly page: string }): Promise<string> {
  const [, kind, value = ''] = /^(packed|plain|big|failed) ?(.*)$/.exec(line) ?? [];
  if (kind === 'big') throw envoyProblems.tooBig({ ...about, mib: MOST_MIB });
  if (kind === undefined || kind === 'failed') throw envoyProblems.silent({ ...about, said: value });
  const bytes = Buffer.from(value, 'base64');
  if (kind === 'plain') return bytes.toString('utf8');
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MOST + 1 })).toString('utf8');
  } catch (error) {
    throw envoyProblems.unreadable({ from: `${about.vm}: ${about.page}`, reason: String(error) }, error);
  }
}
