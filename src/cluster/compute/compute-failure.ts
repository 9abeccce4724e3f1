import { tryJson } from '../../documents/json.ts';
import { Problem } from '../../problems.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { errorCode, errorName, errorText } from '../api/foreign-error.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { cloudProblems } from '../../problems/cloud.ts';

interface Asked {
  /** Imperative: "list forwarding rules". */
  readonly request: string;
  readonly project: string;
  readonly signal?: AbortSignal;
}

/** Turns a failure of Google's libraries into a Problem. A bug in meshx stays as it is. */
export function computeProblem(error: unknown, asked: Asked): unknown {
  if (error instanceof Problem) return error;
  const { request, project, signal } = asked;
  if (signal?.aborted) return clusterProblems.interrupted({ request }, error);
  const code = errorCode(error);
  const reason = reasonOf(error);
  if (isTimeout(error)) return cloudProblems.cloudFailed({ request, project, reason: 'no answer in time' }, error);
  if (code === 401 || code === 403) return cloudProblems.cloudForbidden({ request, project, reason }, error);
  // Without a code it is neither an answer nor a broken connection: a bug.
  return code === undefined ? error : cloudProblems.cloudFailed({ request, project, reason }, error);
}

/** Which of these errors an aborted request throws depends on its progress. */
function isTimeout(error: unknown): boolean {
  const { cause } = mapping(error);
  return [error, cause].some(
    (each) => /^(Timeout|Abort)Error$/.test(errorName(each)) || /aborted/.test(errorText(each)),
  );
}

/** The message of an answer is the raw JSON of its body: {"error":{"message":…}}. */
function reasonOf(error: unknown): string {
  const { message } = mapping(error);
  // Not every failure is an answer of the API.
  return text(mapping(mapping(tryJson(String(message)))['error'])['message']) ?? errorText(error);
}
