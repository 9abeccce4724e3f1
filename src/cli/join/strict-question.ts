import { showPortSecurity } from '../../operations/join/risks.ts';
import type { JoinRun } from '../../operations/join/run.ts';
import type { Terminal } from '../../terminal.ts';
import type { Call } from '../command.ts';

type Confirm = NonNullable<JoinRun['confirmStrict']>;
type Ports = Parameters<Confirm>[0];

/**
 * Asks once for each VM whether its ports on which plaintext clients would hang should require mutual TLS; a later inspection of the same run
 * gets the same answer. Questions about several VMs wait for each other.
 */
export class StrictQuestion {
  readonly #terminal: Pick<Terminal, 'ask' | 'err'>;
  readonly #answers = new Map<string, Promise<boolean>>();
  readonly #strict = new Map<string, readonly string[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(terminal: Pick<Terminal, 'ask' | 'err'>) {
    this.#terminal = terminal;
  }

  /** Absent where no one can be asked. */
  of(vm: string): Confirm | undefined {
    const { ask } = this.#terminal;
    return ask && ((ports) => this.#answer(vm, ports, ask));
  }

  /** The given options with the ports to which a person said yes. */
  answered(vm: string, given: Call['given']): Call['given'] {
    const ports = this.#strict.get(vm);
    return ports ? { ...given, strictPort: [given['strictPort'] ?? [], ports].flat(2) } : given;
  }

  #answer(vm: string, ports: Ports, ask: NonNullable<Terminal['ask']>): Promise<boolean> {
    const first = async (): Promise<boolean> => {
      const isWanted = await this.#question(vm, ports, ask);
      const numbers = ports.map(({ port }) => String(port.number));
      if (isWanted) this.#strict.set(vm, numbers);
      return isWanted;
    };
    const before = this.#answers.get(vm);
    if (before) return before;
    const answer = this.#last.then(first);
    this.#answers.set(vm, answer);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #question(vm: string, ports: Ports, ask: NonNullable<Terminal['ask']>): Promise<boolean> {
    const typed = ports.map(({ port }) => `--strict-port ${port.number}`).join(' ');
    this.#terminal.err([
      `${vm}: the server of ${ports.map(showPortSecurity).join(', ')} speaks first.`,
      'A plaintext client from outside the mesh gets no greeting and waits until its own timeout. STRICT resets it once it sends anything.',
    ]);
    const answer = await ask(`Require mutual TLS on it (${typed}; meshx down undoes it)? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  }
}
