import { tryJson } from '../../../documents/json.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { present } from '../../../present.ts';
import type { Problem } from '../../../problems.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import type { ApiAnswer, ApiRequest } from './transport.ts';

/** The body of a failed request (meta/v1 Status), as far as meshx reads it. */
export interface ApiStatus {
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** Resource of details, for a 404: `namespaces`. */
  readonly kind?: string;
  readonly name?: string;
}

interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Reads a Status. A proxy may answer with any text, which is then the message. */
export function parseStatus(body: string): ApiStatus {
  const value = mapping(tryJson(body));
  const details = mapping(value['details']);
  return {
    message: text(value['message']) ?? (body.trim().slice(0, 300) || 'no reason was given'),
    reason: text(value['reason']) ?? '',
    causes: list(details['causes']).map((cause) => {
      const { reason, message, field } = mapping(cause);
      return { reason: text(reason) ?? '', message: text(message) ?? '', field: text(field) ?? '' };
    }),
    ...present({ kind: text(details['kind']), name: text(details['name']) }),
  };
}

export interface FailedRequest {
  readonly cluster: string;
  readonly request: ApiRequest;
  readonly answer: ApiAnswer;
  /** "Service vm/mysqldb" when the request is about one object. */
  readonly object: string;
}

/** The one place where an answer of the API server becomes a Problem. */
export function problemOf(failed: FailedRequest): Problem {
  const { cluster, request, answer, object } = failed;
  const status = parseStatus(answer.body);
  const reason = status.message;
  switch (answer.status) {
    case 401:
      return clusterProblems.unauthorized({ cluster });
    case 403:
      if (status.causes.some((cause) => cause.reason === 'NamespaceTerminating')) {
        return clusterProblems.namespaceEnding({ object });
      }
      return clusterProblems.forbidden({ cluster, request: request.summary, reason });
    case 404:
      if (status.kind === 'namespaces') {
        return clusterProblems.namespaceMissing({ namespace: status.name ?? '', object });
      }
      return clusterProblems.objectMissing({ object, cluster });
    case 409:
      return conflict(object, status);
    case 400:
    case 422:
      return clusterProblems.refused({ object, reason });
    default:
      // Server-side apply answers 500 for a field that the schema does not have (Kubernetes 1.35).
      if (/not declared in schema/.test(reason)) return clusterProblems.refused({ object, reason });
      return clusterProblems.failed({ cluster, request: request.summary, status: answer.status, reason });
  }
}

/** `conflict with "kubectl-client-side-apply" using v1` on field `.spec.ports`. */
function conflict(object: string, status: ApiStatus): Problem {
  const conflicts = status.causes.filter((cause) => cause.reason === 'FieldManagerConflict');
  if (conflicts.length === 0) return clusterProblems.changedMeanwhile({ object, reason: status.message });
  const managers = conflicts.map((cause) => /conflict with "([^"]*)"/.exec(cause.message)?.[1] ?? cause.message);
  return clusterProblems.fieldConflict({
    object,
    managers: [...new Set(managers)],
    fields: conflicts.map((cause) => cause.field),
  });
}
