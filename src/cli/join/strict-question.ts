import { showPortSecurity } from '../../operations/join/risks.ts';
import type { JoinRun } from '../../operations/join/run.ts';
import type { Terminal } from '../../terminal.ts';

type Confirm = NonNullable<JoinRun['confirmStrict']>;

/**
 * Asks once for each VM whether its ports on which plaintext clients would hang shall require mutual TLS; a later inspection of the same run
 * gets the same answer. Questions about several VMs wait for each other.
 */
export function strictQuestion({ ask, err }: Pick<Terminal, 'ask' | 'err'>): ((vm: string) => Confirm) | undefined {
  if (!ask) return undefined;
  const answers = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();
  const question = async (vm: string, ports: Parameters<Confirm>[0]): Promise<boolean> => {
    const typed = ports.map(({ port }) => `--strict-port ${port.number}`).join(' ');
    err([
      `${vm}: the server of ${ports.map(showPortSecurity).join(', ')} speaks first.`,
      'A plaintext client from outside the mesh gets no greeting and waits until its own timeout. STRICT resets it once it sends anything.',
    ]);
    const answer = await ask(`Require mutual TLS on it (${typed}; meshx down undoes it)? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  };
  return (vm) => (ports) => {
    const answer = answers.get(vm) ?? last.then(() => question(vm, ports));
    answers.set(vm, answer);
    last = answer.catch(() => undefined);
    return answer;
  };
}
