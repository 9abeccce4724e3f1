import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** What the CA of a classic cluster keeps for a service account. */
export interface Identity {
  readonly rootCert: string;
  readonly certChain: string;
  readonly key: string;
}

/** Certificates for an account, made by openssl, in the Secret that Istio's CA would have made. */
export async function giveIdentity(lab: Lab, account: { namespace: string; name: string }): Promise<Identity> {
  const identity = await makeIdentity(`spiffe://cluster.local/ns/${account.namespace}/sa/${account.name}`);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  await lab.classic.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: account.namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `istio.${account.name}`, namespace: account.namespace },
      type: 'istio.io/key-and-cert',
      data: {
        'root-cert.pem': base64(identity.rootCert),
        'cert-chain.pem': base64(identity.certChain),
        'key.pem': base64(identity.key),
      },
    },
  ]);
  return identity;
}

async function makeIdentity(uri: string): Promise<Identity> {
  const folder = await mkdtemp(join(tmpdir(), 'meshx-identity-'));
  const openssl = async (...args: readonly string[]): Promise<string> =>
    await must(['openssl', ...args], { cwd: folder });
  try {
    await openssl(
      ...'req -x509 -newkey rsa:2048 -nodes -days 365 -subj /O=Istio-CA -keyout ca.key -out root.pem'.split(' '),
    );
    await openssl(...'req -newkey rsa:2048 -nodes -subj /O=mesh -keyout key.pem -out request.pem'.split(' '));
    await writeFile(join(folder, 'names'), `subjectAltName = critical, URI:${uri}\n`);
    await openssl(
      ...'x509 -req -in request.pem -CA root.pem -CAkey ca.key -set_serial 1 -days 30 -extfile names -out chain.pem'.split(
        ' ',
      ),
    );
    const [rootCert, certChain, key] = await Promise.all(
      ['root.pem', 'chain.pem', 'key.pem'].map((file) => readFile(join(folder, file), 'utf8')),
    );
    return { rootCert: rootCert ?? '', certChain: certChain ?? '', key: key ?? '' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
