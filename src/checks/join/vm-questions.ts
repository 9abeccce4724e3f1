import type { Host } from '../../host/run/host.ts';
import { type Connection, parseConnection } from '../../vm/questions/connection.ts';
import { type OwnEndpoint, ownQuestion, type OwnQuestion, parseOwnEndpoint } from '../../vm/questions/own-endpoint.ts';
import { type Answer, Questions, type QuestionsOptions } from '../../vm/questions/questions.ts';
import type { Connect, QuestionName } from '../../vm/questions/script.ts';
import type { Read } from '../run.ts';

/** Questions to the VM or another host, asked as root. */
export interface VmQuestions {
  readonly ask: (name: QuestionName, args: readonly string[], on?: Host) => Promise<Read<string>>;
  readonly connect: (to: Connect, on?: Host) => Promise<Read<Connection>>;
  /** Asks the VM's own sidecar for one of its ports. */
  readonly askOwn: (question: OwnQuestion) => Promise<Read<OwnEndpoint>>;
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
    askOwn: async (question) => {
      const { stdout, ms } = await questions.ask(host, ownQuestion(question));
      return { value: parseOwnEndpoint(stdout), ms };
    },
  };
}
