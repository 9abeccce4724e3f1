import type { Script } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

const PROVE = shellFile(new URL('./prove.root.sh', import.meta.url));

/** What the machine can be asked: the functions of questions.sh. */
export type QuestionName = 'resolves' | 'answers' | 'ready' | 'admin' | 'certificate' | 'active' | 'capture' | 'log';

/** One question with its words. */
export interface Question {
  readonly name: QuestionName;
  readonly words: readonly string[];
}

/** Read-only questions to the VM, each of which waits up to `seconds` for its condition. All end after `most` seconds. */
export function proofScript(questions: readonly Question[], { seconds, most }: ProofLimits): Script {
  const words = questions.flatMap(({ name, words }) => [name, String(words.length), ...words]);
  return { ...PROVE, args: [String(seconds), String(most), ...words] };
}

/** Of a condition, and of all that is asked with it. Seconds. */
export interface ProofLimits {
  readonly seconds: number;
  readonly most: number;
}
