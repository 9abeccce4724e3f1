import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { errorText } from '../cluster/api/foreign-error.ts';
import { type IstiodTrust, istiodTrust } from './identity/istiod-trust.ts';
import { fetchMeshRoots } from './identity/mesh-roots.ts';
import { judgeRoots, parseCertificates, type ServedBy } from './identity/roots.ts';
import { readAgentSettings } from './settings-file.ts';

/** What the program that runs as root gives and gets. */
export interface RootsProcess {
  readonly stdin: NodeJS.ReadableStream;
  readonly print: (text: string) => void;
  /** For the journal. */
  readonly complain: (text: string) => void;
}

/** Milliseconds for everything. */
const LIMIT = 25_000;

/**
 * `meshx agent roots`, for systemd/sidecar-roots alone. `fetch --settings FILE` reads a token from stdin and prints the mesh's roots;
 * `judge --istiod HOST:PORT --certs FOLDER` reads roots from stdin and prints a verdict in one line. Returns the exit code.
 */
export async function rootsMain(words: readonly string[], { stdin, print, complain }: RootsProcess): Promise<number> {
  const signal = AbortSignal.timeout(LIMIT);
  try {
    const option = { type: 'string', default: '' } as const;
    const options = { settings: option, istiod: option, certs: option };
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    const given = await text(stdin);
    if (positionals[0] === 'fetch') {
      print(await fetchMeshRoots(await readAgentSettings(values.settings), given.trim(), signal));
      return 0;
    }
    print(await verdict({ offered: given, istiod: values.istiod, certs: values.certs }, signal));
    return 0;
  } catch (error) {
    complain(`meshx agent roots: ${errorText(error)}\n`);
    return 1;
  }
}

interface Judged {
  readonly offered: string;
  readonly istiod: string;
  /** Folder of root-cert.pem and cert-chain.pem. */
  readonly certs: string;
}

async function verdict({ offered, istiod, certs }: Judged, signal: AbortSignal): Promise<string> {
  const own = await readFile(join(certs, 'root-cert.pem'), 'utf8').catch(() => '');
  const chain = await readFile(join(certs, 'cert-chain.pem'), 'utf8').catch(() => '');
  const served = await servedBy((roots) => istiodTrust({ istiod, roots, signal }), own, offered);
  if (typeof served === 'object') return `unreachable ${served.reason}`;
  const [ownRoots, offeredRoots] = [parseCertificates(own), parseCertificates(offered)];
  return judgeRoots({ served, own: ownRoots, offered: offeredRoots, chain: parseCertificates(chain) });
}

async function servedBy(
  ask: (roots: string) => Promise<IstiodTrust>,
  own: string,
  offered: string,
): Promise<ServedBy | { readonly reason: string }> {
  const byOwn = await ask(own);
  if (byOwn === 'trusted') return 'own';
  if (byOwn !== 'untrusted') return byOwn;
  const byOffered = await ask(offered);
  if (typeof byOffered === 'object') return byOffered;
  return byOffered === 'trusted' ? 'offered' : 'neither';
}
