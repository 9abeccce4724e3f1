import { cliProblems } from '../problems/cli.ts';
import type { CommandSpec } from './command.ts';
import { nearest } from '../nearest.ts';

/**
 * `meshx help expose apply` as `meshx expose apply --help`, and `meshx expose help apply` too; other words stay as they are.
 * Throws `wrong-usage` for a command that there is not.
 */
export function helpWords(argv: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  const names = commands.map(({ name }) => name);
  const groups = [...new Set(names.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? ''))];
  const at = argv[0] === 'help' ? 0 : groups.includes(argv[0] ?? '') && argv[1] === 'help' ? 1 : -1;
  if (at < 0) return argv;
  const asked = argv.filter((word, index) => index !== at && !/^(-h|--help)$/.test(word));
  const name = asked.join(' ');
  if (name === '' || names.includes(name) || groups.includes(name)) return [...asked, '--help'];
  const [near] = nearest(name, [...names, ...groups]);
  throw cliProblems.wrongUsage({
    message: `There is no command ${JSON.stringify(name.slice(0, 80))}.`,
    hint: near === undefined ? `The commands are: ${names.join(', ')}` : `The nearest one is: meshx help ${near}`,
  });
}
