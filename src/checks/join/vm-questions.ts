import type { Host } from '../../host/run/host.ts';
import { type Connection, parseConnection } from '../../vm/questions/connection.ts';
import { type Answer, Questions, type QuestionsOptions } from '../../vm/questions/questions.ts';
import type { Connect, QuestionName } from '../../vm/questions/script.ts';
import type { Read } from '../run.ts';

/** Questions to the VM or another host, asked as root. */
export interface VmQuestions {
  readonly ask: (name: QuestionName, args: readonly string[], on?: Host) => Promise<Read<string>>;
  readonly connect: (to: Connect, on?: Host) => Promise<Read<Connection>>;
}

/** Questions asked in the same tick share one command per host. */
export function vmQuestions(host: Host, options: QuestionsOptions): VmQuestions {
  const questions = new Questions(options);
  const printed = ({ stdout, ms }: Answer): Read<string> => ({ value: stdout, ms });
  return {
    ask: async (name, args, on = host) => printed(await questions.ask(on, { name, args })),
    connect: async (to, on = host) => {
      const { stdout, ms } = await questions.ask(on, to);
      return { value: parseConnection(stdout), ms };
    },
  };
}
