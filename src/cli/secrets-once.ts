import type { Call } from './command.ts';

/** The same call for several steps that log in: stdin is read once, and a person is asked for each secret once. */
export function withSecretsOnce(call: Call): Call {
  const { readStdin, askSecret } = call.terminal;
  const asked = new Map<string, Promise<string>>();
  const once = (question: string, ask: () => Promise<string>): Promise<string> => {
    const answer = asked.get(question) ?? ask();
    asked.set(question, answer);
    return answer;
  };
  const terminal = {
    ...call.terminal,
    ...(readStdin && { readStdin: () => once('', readStdin) }),
    ...(askSecret && { askSecret: (question: string) => once(question, () => askSecret(question)) }),
  };
  return { ...call, terminal };
}
