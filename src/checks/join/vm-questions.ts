import type { Host } from '../../host/run/host.ts';
import type { Connect } from '../../vm/proofs/connect-shell.ts';
import { type Connection, parseConnection } from '../../vm/proofs/connection.ts';
import { type Answer, Questions, type QuestionsOptions } from '../../vm/proofs/questions.ts';
import type { QuestionName } from '../../vm/proofs/scripts.ts';
import type { Read } from '../run.ts';

/** What sources of facts may ask of the VM, or of another host, as root. */
export interface VmQuestions {
  /** Gives what it printed. */
  readonly ask: (name: QuestionName, words: readonly string[], on?: Host) => Promise<Read<string>>;
  readonly connect: (to: Connect, on?: Host) => Promise<Read<Connection>>;
}

/** Questions of one moment travel together, in one command for each host. */
export function vmQuestions(host: Host, options: QuestionsOptions): VmQuestions {
  const questions = new Questions(options);
  const printed = ({ stdout, ms }: Answer): Read<string> => ({ value: stdout, ms });
  return {
    ask: async (name, words, on = host) => printed(await questions.ask(on, { name, words })),
    connect: async (to, on = host) => {
      const { stdout, ms } = await questions.ask(on, to);
      return { value: parseConnection(stdout), ms };
    },
  };
}
