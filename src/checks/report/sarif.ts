import type { Result } from '../check.ts';
import { type CheckReport, outcomeOf } from './report.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS = { error: 'error', risk: 'error', warning: 'warning', note: 'note' } as const;

/** The report as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarifDocument({ results }: CheckReport, version: string): object {
  const rules = [...new Map(results.map((result) => [result.id, result])).values()];
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const failed = results.filter(({ ok }) => ok === false);
  const skipped = results.filter(({ ok }) => ok === 'skipped');
  const run = {
    tool: { driver: { name: 'meshx', version, rules: rules.map(ruleOf) } },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: skipped.map(notificationOf) }],
    results: failed.map((result) => resultOf(result, indexes.get(result.id) ?? -1)),
  };
  return { $schema: SCHEMA, version: '2.1.0', runs: [run] };
}

function ruleOf({ id, title, category, severity }: Result): object {
  const help = { text: `Run: meshx explain ${id}` };
  const defaultConfiguration = { level: LEVELS[severity] };
  return { id, shortDescription: { text: title }, help, defaultConfiguration, properties: { category } };
}

function resultOf(result: Result, ruleIndex: number): object {
  const { id, detail, hint } = result;
  const text = hint === undefined ? detail : `${detail}. ${hint}`;
  const outcome = outcomeOf(result);
  return {
    ruleId: id,
    ruleIndex,
    kind: 'fail',
    level: outcome === 'warning' || outcome === 'note' ? outcome : 'error',
    message: { text },
    ...locations(result),
  };
}

function locations({ object, place }: Result): object {
  if (object === undefined && place === undefined) return {};
  const logical = object === undefined ? {} : { logicalLocations: [logicalLocation(object)] };
  return { locations: [{ ...logical, ...(place !== undefined && { physicalLocation: physicalLocation(place) }) }] };
}

/** `mysql.yaml:12` */
function physicalLocation(place: string): object {
  const [, uri = place, line = '1'] = /^(.*):(\d+)$/.exec(place) ?? [];
  return { artifactLocation: { uri: encodeURI(uri) }, region: { startLine: Number(line) } };
}

/** `Service vm/mysqldb` as a place without a file. */
function logicalLocation(object: string): object {
  const name = object.split('/').at(-1) ?? object;
  return { name, fullyQualifiedName: object, kind: 'resource' };
}

function notificationOf({ id, title, detail }: Result): object {
  return { descriptor: { id }, level: 'note', message: { text: `skipped: ${title}: ${detail}` } };
}
