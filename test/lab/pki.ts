import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustShell } from './command.ts';
import { address } from './network.ts';

/** The users of the API servers, which the audit log distinguishes. */
const users = ['lab', 'operator', 'istiod', 'coredns', 'viewer'] as const;
export type User = (typeof users)[number];

/** `viewer` may do nothing until a test gives it a role. */
const groupsOf = (user: User): string => (user === 'viewer' ? 'system:authenticated' : 'system:masters');

const CERTIFICATES = `
openssl genrsa -out sa.key 2048; openssl rsa -in sa.key -pubout -out sa.pub
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=lab-ca
openssl req -newkey rsa:2048 -nodes -keyout srv.key -out srv.csr -subj /CN=kube-apiserver
printf 'subjectAltName=IP:127.0.0.1,IP:${address.hub},IP:10.63.240.1,DNS:kubernetes' > srv.ext
openssl x509 -req -in srv.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out srv.crt -days 30 -extfile srv.ext
`;

/** Keys, certificates and tokens of the API servers, made once per lab. */
export async function makePki(folder: string): Promise<void> {
  if (existsSync(join(folder, 'tokens.csv'))) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mustShell(CERTIFICATES, [], { cwd: folder });
  const lines = users.map(
    (user, index) => `${randomBytes(16).toString('hex')},${user},${index + 1},"${groupsOf(user)}"`,
  );
  await writeFile(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

export async function tokenOf(folder: string, user: User): Promise<string> {
  const lines = (await readFile(join(folder, 'tokens.csv'), 'utf8')).split('\n');
  const token = lines.find((line) => line.split(',')[1] === user)?.split(',')[0];
  if (!token) throw new Error(`no token of ${user} in ${folder}`);
  return token;
}
