import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from './command.ts';
import type { Lab } from './lab.ts';

/** A certificate authority of the mesh, in PEM. */
export interface MeshCa {
  readonly cert: string;
  readonly key: string;
}

const folderOf = (lab: Lab): string => join(lab.names.run, 'istiod/etc/cacerts');

/** The authority that istiod signs with: a plugged-in one, or its own. */
export async function meshCa(lab: Lab): Promise<MeshCa> {
  const plugged = await readPair(folderOf(lab)).catch(() => undefined);
  if (plugged) return plugged;
  const text = await lab.kubectl(['-n', 'istio-system', 'get', 'secret', 'istio-ca-secret', '-o', 'json']);
  const { data } = JSON.parse(text) as { readonly data: Readonly<Record<string, string>> };
  const decoded = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString('utf8');
  return { cert: decoded('ca-cert.pem'), key: decoded('ca-key.pem') };
}

async function readPair(folder: string): Promise<MeshCa> {
  const [cert, key] = await Promise.all(
    ['ca-cert.pem', 'ca-key.pem'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { cert: cert ?? '', key: key ?? '' };
}

/** A new root. All roots of Istio have this subject. */
export async function newMeshCa(): Promise<MeshCa> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-root-'));
  try {
    const [key, cert] = [join(folder, 'ca-key.pem'), join(folder, 'ca-cert.pem')];
    const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const request = [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '30',
      '-subj',
      '/O=cluster.local',
    ];
    await must([...request, '-keyout', key, '-out', cert, ...extensions]);
    return await readPair(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Restarts istiod with this authority; workloads get these roots. Returns when the cluster has them. */
export async function plugCa(lab: Lab, { cert, key }: MeshCa, roots: readonly MeshCa[]): Promise<void> {
  const folder = folderOf(lab);
  const bundle = roots.map((root) => root.cert.trim()).join('\n') + '\n';
  await mkdir(folder, { recursive: true });
  const files = { 'ca-cert.pem': cert, 'ca-key.pem': key, 'cert-chain.pem': cert, 'root-cert.pem': bundle };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  await lab.stopIstiod();
  await lab.startIstiod();
  await lab.waitFor('the roots in the cluster', async () => {
    return (await lab.mesh.rootCertificates()).trim() === bundle.trim();
  });
}
