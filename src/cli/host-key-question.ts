import type { ConnectOptions } from '../host/ssh/connect.ts';
import type { Terminal } from '../terminal.ts';

type Confirm = NonNullable<ConnectOptions['confirmHostKey']>;

/**
 * Shows an unknown host key with fingerprint and picture, and accepts it by the word yes or by the fingerprint itself. Questions of
 * several VMs wait for each other, and an answered key is not asked about again in this run.
 */
export function hostKeyQuestion({ ask, err }: Pick<Terminal, 'ask' | 'err'>): Confirm | undefined {
  if (!ask) return undefined;
  const answers = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();
  const question = async ({
    host,
    address,
    port,
    type,
    fingerprint,
    art,
  }: Parameters<Confirm>[0]): Promise<boolean> => {
    const where = address === host ? `port ${port}` : `${address} port ${port}`;
    err([
      `The host key of ${host} (${where}) is in no known_hosts file. Compare it with the one on the console of the VM.`,
      `${type} ${fingerprint}`,
      ...art,
    ]);
    const answer = (await ask('Trust this key and record it? (yes, no, or the fingerprint) [no] ')).trim();
    return answer.toLowerCase() === 'yes' || answer === fingerprint;
  };
  return (unknown) => {
    const key = `${unknown.address} ${unknown.port} ${unknown.fingerprint}`;
    const answer = answers.get(key) ?? last.then(() => question(unknown));
    answers.set(key, answer);
    last = answer.catch(() => undefined);
    return answer;
  };
}
