import { type WantedLevel, wantedLevel } from '../../envoy/log-levels.ts';
import type { ViewQuery } from '../../operations/proxy/views.ts';
import { present } from '../../present.ts';
import { flagOf, type Input } from '../input.ts';

const VIEWS = [
  'routes',
  'clusters',
  'listeners',
  'endpoints',
  'bootstrap',
  'certificates',
  'stats',
  'log-level',
] as const;
type View = (typeof VIEWS)[number];

/** The words of istioctl. */
const OTHER_NAMES: Readonly<Record<string, View>> = {
  ...{ route: 'routes', cluster: 'clusters', listener: 'listeners', endpoint: 'endpoints', log: 'log-level' },
  ...{ secret: 'certificates', secrets: 'certificates' },
};

/** The options that select from each view. */
const OF_VIEW: Readonly<Record<View, readonly string[]>> = {
  routes: ['name', 'details'],
  clusters: ['fqdn', 'port', 'direction', 'subset', 'details'],
  listeners: ['address', 'port', 'type'],
  endpoints: ['address', 'port', 'cluster', 'status'],
  ...{ bootstrap: [], certificates: [], stats: ['name'], 'log-level': ['level', 'reset'] },
};

/** Reads view and filters; undefined when an issue was found. */
export function viewQuery(input: Input, word: string | undefined, isFile: boolean): ViewQuery | undefined {
  const view =
    VIEWS.find((each) => each === word) ??
    (Object.hasOwn(OTHER_NAMES, word ?? '') ? OTHER_NAMES[word ?? ''] : undefined);
  if (view === undefined) {
    input.issue(`<view>: ${JSON.stringify((word ?? '').slice(0, 80))} is not one of ${VIEWS.join(', ')}`);
    return undefined;
  }
  const others = new Set(Object.values(OF_VIEW).flat());
  for (const name of others)
    if (!OF_VIEW[view].includes(name) && input.call.given[name] !== undefined)
      input.issue(`${flagOf(name)}: ${view} cannot be selected by it`);
  if (isFile && view === 'log-level') input.issue('--file: log levels are read and set in a running sidecar');
  if (isFile && view === 'clusters' && input.flag('details'))
    input.issue('--details: a saved /config_dump has no endpoints');
  return queryOf(input, view);
}

function queryOf(input: Input, view: View): ViewQuery {
  const given = (name: string): string | undefined => {
    const value = input.call.given[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const port = portGiven(input, given('port'));
  const address = given('address');
  switch (view) {
    case 'routes':
    case 'stats':
      return { view, ...present({ name: given('name') }) };
    case 'clusters': {
      const direction = input.choice('direction', ['inbound', 'outbound']);
      const filter = present({ fqdn: given('fqdn'), subset: given('subset'), port, direction });
      return { view, filter, details: input.flag('details') };
    }
    case 'listeners':
      return { view, filter: present({ address, port, type: given('type') }) };
    case 'endpoints':
      return { view, filter: present({ address, port, cluster: given('cluster'), status: given('status') }) };
    case 'log-level':
      return { view, levels: levelsOf(input) };
    default:
      return { view };
  }
}

/** From the command line only: MESHX_PORT is the SSH port. */
function portGiven(input: Input, text: string | undefined): number | undefined {
  return text === undefined ? undefined : input.number('port', [1, 65_535]);
}

function levelsOf(input: Input): readonly WantedLevel[] {
  const words = input.list('level');
  if (!input.flag('reset')) return words.flatMap((word) => input.attempt('--level', () => wantedLevel(word)) ?? []);
  if (words.length > 0) input.issue('--reset: cannot be combined with --level');
  return [{ level: 'warning' }];
}
