/** Exit codes: 0 done, 1 a Problem, 2 wrong usage, 3 plan not empty, 70 a bug in meshx (EX_SOFTWARE of sysexits.h). */
export const EXIT = { done: 0, problem: 1, usage: 2, planNotEmpty: 3, bug: 70 } as const;
