import { type AccessEntry, directionOf, joinKey } from '../../mesh/access-entry.ts';
import type { AccessLogLine } from '../../mesh/access-log.ts';
import { explainFlag } from '../../mesh/response-flags.ts';

/** The lines of one request or connection: the client's side, then the server's behind two spaces. */
export function formatGroup(group: readonly AccessEntry[]): readonly string[] {
  return group.flatMap((entry, index) => formatEntry(entry).map((line) => (index === 0 ? line : `  ${line}`)));
}

/** One line of a log, and one more for each flag. A line of an unknown format is repeated. */
export function formatEntry(entry: AccessEntry): readonly string[] {
  const { source, line, raw } = entry;
  if (!line) return [`${source}  ${raw}`];
  const parts = [
    ...[line.time, source, roleOf(entry, line), whatOf(line), `${line.bytesReceived} B in`, `${line.bytesSent} B out`],
    ...[timeOf(line), `to ${line.upstreamHost ?? 'no endpoint'}`],
    ...(line.authority === undefined ? [] : [`for ${line.authority}`]),
    ...(line.peer === undefined ? [] : [`by ${line.peer}`]),
    joinKey(entry) ?? '',
  ];
  const reasons = [line.details, line.transportFailure].filter(
    (reason) => reason !== undefined && reason !== 'via_upstream',
  );
  return [
    parts.filter(Boolean).join('  '),
    ...line.flags.map((flag) => `    ${explainFlag(flag)}`),
    ...reasons.map((reason) => `    reason: ${reason}`),
  ];
}

function roleOf({ role }: AccessEntry, line: AccessLogLine): string {
  return role ?? directionOf(line) ?? '';
}

function whatOf({ request, status }: AccessLogLine): string {
  return request ? `${request.method} ${request.path}  ${status}` : 'TCP';
}

function timeOf({ duration, upstreamTime }: AccessLogLine): string {
  return upstreamTime === undefined ? `${duration} ms` : `${duration} ms (${upstreamTime} ms upstream)`;
}

/** An entry for programs. */
export function entryDocument(entry: AccessEntry): object {
  const { source, role, line, raw } = entry;
  if (!line) return { source, ...(role && { role }), raw };
  const [direction, join] = [directionOf(line), joinKey(entry)];
  return {
    ...{ source, ...(role && { role }), ...(direction && { direction }), ...(join && { join }) },
    ...line,
    flags: line.flags.map((flag) => explainFlag(flag)),
  };
}
