import { meshProblems } from '../problems/mesh.ts';
import { Problem } from '../problems.ts';

type Results<Thunks extends readonly (() => unknown)[]> = { readonly [K in keyof Thunks]: ReturnType<Thunks[K]> };

/**
 * Runs each parser and returns all results, or throws one Problem with every issue: the operator corrects them all
 * at once. A single Problem is thrown unchanged. Other errors are bugs and pass through.
 */
export function collect<const Thunks extends readonly (() => unknown)[]>(thunks: Thunks): Results<Thunks> {
  const problems: Problem[] = [];
  const results = thunks.map((thunk) => {
    try {
      return thunk();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(error);
      return undefined;
    }
  });
  const [only] = problems;
  if (only && problems.length === 1) throw only;
  if (only) throw meshProblems.badInput({ issues: problems.flatMap(issuesOf) });
  // as: no thunk failed, so there is one result per thunk.
  return results as Results<Thunks>;
}

/** As `collect`, for one parser and many texts. */
export function collectAll<Item, Result>(items: readonly Item[], parse: (item: Item) => Result): readonly Result[] {
  return collect(items.map((item) => () => parse(item)));
}

function issuesOf(problem: Problem): readonly string[] {
  return problem.issues.length > 0 ? problem.issues : [problem.message];
}
