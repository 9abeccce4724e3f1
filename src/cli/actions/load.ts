import { type LoadOptions, sendLoad } from '../../operations/load/send-load.ts';
import type { LoadSummary } from '../../operations/load/summary.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flagOf, Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';

/** Above these it would be a test of endurance, for which there are other programs. */
const MOST = { connections: 100, requests: 100_000, rate: 1000, rates: 10, seconds: 3600 } as const;
const HEADER = /^([A-Za-z0-9-]{1,100}): ?([\x20-\x7e]{0,2000})$/;

/** `meshx load URL` */
export async function load(call: Call): Promise<number> {
  const { world, terminal } = call;
  const input = new Input('load', call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const rates = ratesOf(input);
  const options = optionsOf(input, rates);
  input.accept();

  const runs: LoadSummary[] = [];
  for (const rate of rates.length > 0 ? rates : [undefined]) {
    if (world.signal.aborted) break;
    const summary = await sendLoad({ ...options, ...present({ rate }) }, world.signal);
    runs.push(summary);
    if (output === 'text') terminal.out(lines(summary));
  }
  if (output !== 'text')
    terminal.out(formatDocument({ url: options.url.href, connections: options.connections, runs }, output));
  return runs.some(({ latency }) => latency === null) ? EXIT.checkFailed : EXIT.done;
}

function lines({
  wanted,
  ended,
  seconds,
  rate,
  achieved,
  statuses,
  failures,
  latency,
  bytes,
}: LoadSummary): readonly string[] {
  const asked = rate === null ? '' : `, ${rate}/s wanted`;
  const times =
    latency && [latency.min, latency.p50, latency.p90, latency.p99, latency.max].map((time) => `${time} ms`);
  return [
    `${ended} of ${wanted} requests in ${seconds} s: ${achieved}/s${asked}, ${bytes} bytes`,
    `  statuses  ${words(statuses) || 'none'}`,
    ...(Object.keys(failures).length > 0 ? [`  failed    ${words(failures)}`] : []),
    ...(times
      ? [`  latency   min ${times[0]}, p50 ${times[1]}, p90 ${times[2]}, p99 ${times[3]}, max ${times[4]}`]
      : []),
  ];
}

function words(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}

function optionsOf(input: Input, rates: readonly number[]): Omit<LoadOptions, 'rate'> {
  const requests = requestsOf(input);
  const slow = rates.find((rate) => requests / rate > MOST.seconds);
  if (slow !== undefined) input.issue(`--rps: ${requests} requests at ${slow} per second take longer than an hour`);
  const body = input.text('data');
  return {
    url: urlOf(input),
    requests,
    connections: input.number('connections', [1, MOST.connections]) ?? 10,
    method: methodOf(input),
    headers: headersOf(input),
    timeoutMs: (input.number('requestTimeout', [1, 600]) ?? 10) * 1000,
    ...present({ body }),
  };
}

/** `-n` is the namespace of other commands. Here it is a number, from the command line only. */
function requestsOf(input: Input): number {
  const { requests, namespace } = input.call.given;
  const given = requests ?? namespace;
  if (given === undefined) return 400;
  const number = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (number >= 1 && number <= MOST.requests) return number;
  input.issue(`--requests: ${shown(String(given))} is not a whole number from 1 to ${MOST.requests}`);
  return 1;
}

function ratesOf(input: Input): readonly number[] {
  const given = input.list('rps');
  if (given.length > MOST.rates) input.issue(`--rps: ${given.length} rates are more than ${MOST.rates}`);
  return given.map((word) => {
    const rate = /^\d{1,4}$/.test(word) ? Number(word) : 0;
    if (rate < 1 || rate > MOST.rate) input.issue(`--rps: ${shown(word)} is not a whole number from 1 to ${MOST.rate}`);
    return Math.max(rate, 1);
  });
}

/** Credentials do not belong into arguments, which other users see. */
function urlOf(input: Input): URL {
  const text = input.call.args[0] ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!isUsable)
    input.issue(`<url>: ${shown(text)} is not a URL that begins with http:// or https://, without a password`);
  return url ?? new URL('http://localhost');
}

function methodOf(input: Input): string {
  const method = (input.text('method') ?? (input.text('data') === undefined ? 'GET' : 'POST')).toUpperCase();
  if (!/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method))
    input.issue(`${flagOf('method')}: ${shown(method)} is not a method of HTTP`);
  return method;
}

/** A header may hold commas, which divide the values of other options. */
function headersOf(input: Input): Readonly<Record<string, string>> {
  const given = input.call.given['header'];
  const all = Array.isArray(given) ? given.map(String) : [];
  return Object.fromEntries(
    all.map((line) => {
      const [, name = '', value = ''] = HEADER.exec(line) ?? [];
      if (name === '') input.issue(`--header: ${shown(line)} is not "Name: value"`);
      return [name.toLowerCase(), value];
    }),
  );
}
