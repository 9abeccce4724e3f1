/** Exit codes: 0 done, 1 a Problem, 2 wrong usage, 3 plan not empty, 4 a check failed, 70 a bug in meshx (EX_SOFTWARE of sysexits.h). */
export const EXIT = { done: 0, problem: 1, usage: 2, planNotEmpty: 3, checkFailed: 4, bug: 70 } as const;

/** Problems of the command line, which fails on every machine. */
const OF_USAGE: ReadonlySet<string> = new Set([
  ...['wrong-usage', 'invalid-input', 'variable-refused', 'step-unknown', 'bad-istiod-address'],
  ...['ssh-name-invalid', 'ssh-fingerprint-invalid', 'settings-invalid', 'settings-refused', 'settings-differ'],
]);

/** The exit code of a command that a Problem ended. */
export function exitCodeOf(problem: { readonly id: string }): number {
  return OF_USAGE.has(problem.id) ? EXIT.usage : EXIT.problem;
}
