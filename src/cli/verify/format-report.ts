import { outcomeOf, summaryOf } from '../../checks/report/report.ts';
import type { Result } from '../../checks/check.ts';
import { isVerified, type VerifyGroup, type VerifyReport } from '../../checks/verify/report.ts';
import type { Counted, RequestSeen } from '../../checks/verify/request-seen.ts';
import { joined } from '../../mesh/access-entry.ts';
import { isAnswer } from '../../mesh/web-request.ts';
import { formatGroup } from '../logs/format-entry.ts';

/** Between groups, so that long reports can be cut apart. */
const RULE = '-'.repeat(31);

/** Each group with its verdicts and the log lines of its request, then the summary. */
export function formatVerification(report: VerifyReport): readonly string[] {
  const { subject, groups, ms } = report;
  const results = groups.flatMap((group) => group.results);
  const counted = summaryOf({ cluster: '', namespaces: [], results, ms }).replace(/^\d+ checks?: /, '');
  const verdict = isVerified(report) ? 'verified' : 'not verified';
  const last = `${subject}: ${verdict}: ${counted} (${(ms / 1000).toFixed(1)} s)`;
  return [...groups.flatMap((group) => [...formatVerifyGroup(group), RULE]), last];
}

function formatVerifyGroup({ title, results, seen, text = [] }: VerifyGroup): readonly string[] {
  const lines = [...results.flatMap(formatResult), ...text.map((line) => `  ${line}`)];
  return [title, ...lines, ...(seen ? formatSeen(seen) : [])];
}

function formatResult(result: Result): readonly string[] {
  const { title, detail, hint, object, id } = result;
  const about = object === undefined ? title : `${object}: ${title}`;
  const line = `  ${outcomeOf(result).padEnd(9)}${about}${detail === '' ? '' : `: ${detail}`} [${id}]`;
  return hint === undefined || result.ok === true ? [line] : [line, `           hint: ${hint}`];
}

function formatSeen({ entries, counted, reply }: RequestSeen): readonly string[] {
  const body = reply && isAnswer(reply) ? excerpt(reply.body) : [];
  const groups = joined(entries);
  return [
    ...(body.length > 0 ? ['  body:', ...body.map((line) => `    ${line}`)] : []),
    ...(groups.length > 0 ? ['  log lines:', ...groups.flatMap(formatGroup).map((line) => `    ${line}`)] : []),
    ...(counted.length > 0 ? ['  counters:', ...counted.map(formatCounted)] : []),
  ];
}

function formatCounted({ proxy, cluster, endpoint, connections, requests, failed }: Counted): string {
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `    ${proxy}  ${cluster} to ${endpoint}: +${connections} connections, +${requests} requests${failures}`;
}

const MOST_LINES = 5;
const WIDTH = 200;

function excerpt(body: string): readonly string[] {
  const lines = body.trimEnd().split(/\r?\n/);
  if (body.trim() === '') return [];
  const shown = lines.slice(0, MOST_LINES).map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line));
  return lines.length > MOST_LINES ? [...shown, `… ${lines.length - MOST_LINES} more lines`] : shown;
}
