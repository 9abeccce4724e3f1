import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** A root of a mesh. All have the same subject, as Istio's do. */
export function aRoot(): Pair {
  return inFolder((folder) => {
    const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')];
    openssl(
      'req',
      '-x509',
      ...CURVE,
      ...files,
      '-subj',
      '/O=cluster.local',
      '-addext',
      'keyUsage=critical,keyCertSign',
    );
    return pairIn(folder);
  });
}

/** A certificate from an authority: for the names of istiod, or an authority below it. */
function issued(by: Pair, extensions: string, subject = '/O=x'): Pair {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'ca'), by.cert);
    writeFileSync(join(folder, 'ca-key'), by.key);
    writeFileSync(join(folder, 'ext'), `${extensions}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n`);
    openssl(
      'req',
      ...CURVE.slice(0, -2),
      '-keyout',
      join(folder, 'key'),
      '-out',
      join(folder, 'csr'),
      '-subj',
      subject,
    );
    const signed = ['-CA', join(folder, 'ca'), '-CAkey', join(folder, 'ca-key'), '-CAcreateserial', '-days', '2'];
    openssl(
      'x509',
      '-req',
      '-in',
      join(folder, 'csr'),
      '-out',
      join(folder, 'cert'),
      ...signed,
      '-extfile',
      join(folder, 'ext'),
    );
    return pairIn(folder);
  });
}

/** The certificate of an istiod that is asked as localhost. */
export const servingCertificate = (by: Pair): Pair => issued(by, 'subjectAltName=DNS:localhost');

/** The certificate of a sidecar. */
export const workloadCertificate = (by: Pair): Pair =>
  issued(by, 'subjectAltName=critical,URI:spiffe://cluster.local/ns/vm/sa/db1');

/** An authority below a root. */
export const intermediate = (by: Pair): Pair =>
  issued(by, 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign', '/O=intermediate');

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: 'pipe' });
}

function pairIn(folder: string): Pair {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { cert: read('cert'), key: read('key') };
}

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-roots-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
