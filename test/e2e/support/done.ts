import type { Ran } from '../../lab/command.ts';

/** The command ended well; when it did not, the failure shows all that it said. */
export function expectDone(ran: Ran): void {
  expect({ exitCode: ran.exitCode, output: ran.exitCode === 0 ? '' : ran.stderr + ran.stdout }).toEqual({
    exitCode: 0,
    output: '',
  });
}
