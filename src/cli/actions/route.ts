import type { Share } from '../../mesh/current/routes.ts';
import { DURATION_FORM, parseLimit } from '../../mesh/duration.ts';
import { parseName } from '../../mesh/names.ts';
import { type Clusters, clustersOn, type Confirming, confirmOn } from '../../operations/route/confirm-route.ts';
import { planRoute, planRouteRemoval } from '../../operations/route/plan-route.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import { changeCluster, changeOptions, needConfirmation } from '../cluster-change.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flagOf, Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS } from '../print.ts';

const SECONDS = 60;
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** `meshx route SERVICE` */
export async function route(call: Call): Promise<number> {
  const { world, args, terminal } = call;
  const input = new Input('route', call);
  const place = changeOptions(input);
  const service = input.attempt('<service>', () => parseName(args[0] ?? '', 'service')) ?? '';
  const remove = input.flag('remove');
  const wanted = remove ? undefined : ruleOf(input);
  if (remove) refuseOthers(input);
  const confirming = confirmingOf(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const options = { ...place, service };
  const planned = await (wanted ? planRoute(world, options, wanted) : planRouteRemoval(world, options));
  needConfirmation(input, planned.plan);
  const isDry = input.flag('dryRun');
  const before = confirming && !isDry ? await clustersOn(world, confirming, planned.host) : undefined;
  const code = await changeCluster(input, { kube: planned.kube, plan: planned.plan, output, lines: [] });
  if (confirming === undefined || before === undefined || code !== EXIT.done) return code;
  const after = await confirmOn(world, confirming, planned);
  terminal.err([`${confirming.vm}: ${planned.host}`, `  before: ${words(before)}`, `  now:    ${words(after)}`]);
  return code;
}

function words(clusters: Clusters): string {
  return clusters.length === 0 ? 'no route' : clusters.join(', ');
}

function ruleOf(input: Input) {
  const header = headerOf(input);
  return {
    shares: sharesOf(input),
    label: matching(input, 'label', LABEL_KEY, 'a key of a label') ?? 'version',
    ...present({
      header,
      timeout: durationOf(input, 'requestTimeout'),
      perTryTimeout: durationOf(input, 'perTryTimeout'),
      retries: input.number('retries', [0, 100]),
    }),
  };
}

/** As it is given: istiod reads it. */
function durationOf(input: Input, name: string): string | undefined {
  const text = input.text(name);
  if (text === undefined || parseLimit(text) !== undefined) return text;
  input.issue(`${flagOf(name)}: ${shown(text)} is not a duration of 1 ms or more: ${DURATION_FORM}`);
  return undefined;
}

function matching(input: Input, name: string, form: RegExp, what: string): string | undefined {
  const text = input.text(name);
  if (text !== undefined && !form.test(text)) input.issue(`${flagOf(name)}: ${shown(text)} is not ${what}`);
  return text;
}

/** `v1`, or `v1=90` and `v3=10`, which must be 100 together. */
function sharesOf(input: Input): readonly Share[] {
  const given = input.list('to').map((word) => word.split('='));
  if (given.length === 0) input.issue('--to: name a version, or --remove');
  const shares = given.map(([version = '', weight = given.length === 1 ? '100' : '', ...more]) => {
    if (!LABEL_VALUE.test(version)) input.issue(`--to: ${shown(version)} is not the value of a label`);
    const isNumber = /^\d{1,3}$/.test(weight) && more.length === 0;
    if (!isNumber) input.issue(`--to: ${shown(version)} needs its share in percent: ${version}=50`);
    return { version, weight: isNumber ? Number(weight) : 0 };
  });
  const sum = shares.reduce((all, { weight }) => all + weight, 0);
  if (shares.length > 0 && sum !== 100) input.issue(`--to: the shares are ${sum} percent together, not 100`);
  const versions = shares.map(({ version }) => version);
  if (new Set(versions).size < versions.length) input.issue('--to: a version is there twice');
  return shares;
}

function headerOf(input: Input) {
  const [text, version] = [input.text('header'), input.text('headerTo')];
  if ((text === undefined) !== (version === undefined))
    input.issue('--header and --header-to: both of them, or neither');
  if (text === undefined || version === undefined) return undefined;
  const [, name = '', value = ''] = /^([A-Za-z0-9-]{1,100})=([\x20-\x7e]{1,500})$/.exec(text) ?? [];
  if (name === '') input.issue(`--header: ${shown(text)} is not NAME=VALUE`);
  if (!LABEL_VALUE.test(version)) input.issue(`--header-to: ${shown(version)} is not the value of a label`);
  // Envoy's names of headers are lower case.
  return { name: name.toLowerCase(), value, version };
}

function refuseOthers(input: Input): void {
  const others = ['to', 'header', 'headerTo', 'requestTimeout', 'retries', 'perTryTimeout'];
  if (others.some((name) => input.call.given[name] !== undefined))
    input.issue('--remove: cannot be combined with what the routes should be');
}

function confirmingOf(input: Input): Confirming | undefined {
  const vm = input.text('vm');
  const timeoutMs = (input.number('timeout', [1, 3600]) ?? SECONDS) * 1000;
  return vm === undefined ? undefined : { vm, machine: machineOptions(input), timeoutMs };
}
