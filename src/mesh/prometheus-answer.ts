import { tryJson } from '../documents/json.ts';
import { list, mapping, text, textMapping } from './unknown.ts';

/** One series of an instant query. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The series in an answer to `/api/v1/query`; a text says why there are none:
 * https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 */
export function parseSamples(body: string): readonly Sample[] | string {
  const answer = mapping(tryJson(body));
  if (answer['status'] !== 'success') return text(answer['error']) ?? 'it is not an answer of Prometheus';
  return list(mapping(answer['data'])['result'])
    .map(mapping)
    .map(({ metric, value }) => ({ labels: textMapping(metric), value: Number(text(list(value)[1]) ?? Number.NaN) }));
}
