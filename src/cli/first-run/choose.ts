import { cliProblems } from '../../problems/cli.ts';
import type { Terminal } from '../../terminal.ts';

/** The terminal of someone who can be asked. */
export type Asking = Pick<Terminal, 'err'> & { readonly ask: NonNullable<Terminal['ask']> };

/** A line of a list. */
interface Choice {
  readonly value: string;
  readonly note?: string;
}

interface Listed {
  readonly title: string;
  readonly choices: readonly Choice[];
  readonly question: string;
}

const MOST_TRIES = 3;

/** One of a list by its number, or other text that `accepts` takes. Enter takes `usual`. */
export async function chooseOne(
  terminal: Asking,
  {
    usual,
    accepts = () => false,
    ...listed
  }: Listed & { readonly usual?: string; accepts?: (text: string) => boolean },
): Promise<string> {
  const { choices, question } = listed;
  show(terminal, listed);
  const answer = await tryAgain(terminal, `${question}${usual === undefined ? '' : ` [${usual}]`}: `, (text) => {
    const word = text === '' ? (usual ?? '') : text;
    return numbered(choices, word)?.value ?? (word !== '' && accepts(word) ? word : undefined);
  });
  return answer;
}

/** Several of a list by their numbers, with commas or spaces between them. Enter takes none. */
export function chooseSeveral(terminal: Asking, listed: Listed): Promise<readonly string[]> {
  const { choices, question } = listed;
  show(terminal, listed);
  return tryAgain(terminal, `${question}: `, (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== '');
    const found = words.flatMap((word) => numbered(choices, word)?.value ?? []);
    return found.length === words.length ? [...new Set(found)] : undefined;
  });
}

/** A text that `accepts` takes. Enter takes `usual`. */
export function askText(
  terminal: Asking,
  {
    question,
    usual,
    accepts,
  }: { readonly question: string; readonly usual: string; accepts: (text: string) => boolean },
): Promise<string> {
  return tryAgain(terminal, `${question}${usual === '' ? '' : ` [${usual}]`}: `, (text) => {
    const word = text === '' ? usual : text;
    return accepts(word) ? word : undefined;
  });
}

function show({ err }: Asking, { title, choices }: Listed): void {
  const width = Math.max(0, ...choices.map(({ value }) => value.length));
  const rows = choices.map(
    ({ value, note = '' }, at) => `${String(at + 1).padStart(3)}  ${value.padEnd(width)}  ${note}`,
  );
  err([title, ...rows.map((row) => row.trimEnd())]);
}

function numbered(choices: readonly Choice[], word: string): Choice | undefined {
  // A port is a number, too: as a value it comes before a place in the list.
  return (
    choices.find(({ value }) => value === word) ?? (/^\d{1,4}$/.test(word) ? choices[Number(word) - 1] : undefined)
  );
}

/** Asks until the answer has a meaning. A closed input answers nothing, so the tries are limited. Throws `no-answer`. */
async function tryAgain<Value>(
  { ask, err }: Asking,
  question: string,
  meaning: (text: string) => Value | undefined,
): Promise<Value> {
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    const text = (await ask(question)).trim();
    const value = meaning(text);
    if (value !== undefined) return value;
    err(text === '' ? 'An answer is needed.' : `${JSON.stringify(text)} is not one of the answers.`);
  }
  throw cliProblems.noAnswer({ question: question.replace(/( \[.*\])?: $/, '') });
}
