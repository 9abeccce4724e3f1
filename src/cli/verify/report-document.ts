import { outcomeOf } from '../../checks/report/report.ts';
import type { Result } from '../../checks/check.ts';
import { isVerified, type VerifyGroup, type VerifyReport } from '../../checks/verify/report.ts';
import type { RequestSeen } from '../../checks/verify/request-seen.ts';
import { joined } from '../../mesh/access-entry.ts';
import { isAnswer } from '../../mesh/web-request.ts';
import { present } from '../../present.ts';
import { entryDocument } from '../logs/format-entry.ts';

/** The report for programs. */
export function verificationDocument(report: VerifyReport): object {
  const { subject, groups, ms } = report;
  return { subject, verified: isVerified(report), ms, groups: groups.map(groupDocument) };
}

function groupDocument({ title, results, seen, text }: VerifyGroup): object {
  return { title, verdicts: results.map(verdictOf), ...present({ text, request: seen && seenDocument(seen) }) };
}

function verdictOf(result: Result): object {
  const { id, title, object, detail, hint, severity } = result;
  return { id, title, severity, outcome: outcomeOf(result), detail, ...present({ object, hint }) };
}

function seenDocument(seen: RequestSeen): object {
  const { client, request, reply, connection, entries, sides, counted, counters } = seen;
  const answer = reply && isAnswer(reply) ? { ...reply, headers: Object.fromEntries(reply.headers) } : reply;
  const sent = request && { method: request.method, url: request.url };
  const lines = joined(entries).map((group) => group.map(entryDocument));
  return { from: client, ...present({ sent, reply: answer, connection }), logs: sides, lines, counted, counters };
}
