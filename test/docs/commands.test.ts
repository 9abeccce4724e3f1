import { commands } from '../../src/cli/commands.ts';
import { program } from '../../src/cli/program.ts';
import type { Lines } from '../../src/world.ts';
import { pages, type ShownCommand, shownCommands } from './pages.ts';

const shown = pages().flatMap(shownCommands);

/** Why the command line does not take these words; undefined if it would start them. */
async function refusal({ words, isNamed }: ShownCommand): Promise<string | undefined> {
  const lines: string[] = [];
  const hear = (text: Lines): void => void lines.push(...[text].flat());
  const { signal } = new AbortController();
  const around = {
    world: { env: {}, cwd: '/', home: '/', now: () => new Date(0), version: '0', signal, note: hear },
    terminal: { out: hear, err: hear, color: false, tell: (_: unknown, text: Lines) => hear(text), verbosity: 'normal' as const },
  };
  const isHelp = words.some((word) => ['help', '--help', '--version'].includes(word));
  try {
    await program(around, words, () => Promise.resolve()).parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    const isIncomplete = /missing required argument|argument missing|\(outputHelp\)/.test(String(error));
    return isHelp || (isNamed && isIncomplete) ? undefined : `${String(error)} ${lines.join(' ')}`;
  }
}

test('every command that a page shows is one that meshx takes, with its options', async () => {
  expect(shown.length).toBeGreaterThan(100);
  const refused = await Promise.all(
    shown.map(async (each) => ({ line: `${each.page}: meshx ${each.words.join(' ')}`, why: await refusal(each) })),
  );
  expect(refused.filter(({ why }) => why !== undefined)).toEqual([]);
});

test('every command of meshx is shown in a page, as a line to paste or in a sentence', () => {
  const lines = shown.map(({ words }) => words.join(' '));
  const missing = commands.filter(({ name }) => !lines.some((line) => line.startsWith(name)));
  expect(missing.map(({ name }) => name)).toEqual([]);
});
