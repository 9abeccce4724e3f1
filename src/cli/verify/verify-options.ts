import type { Expected } from '../../checks/verify/request-seen.ts';
import { parseMeshTarget, type TypedTarget } from '../../mesh/mesh-target.ts';
import { parseName } from '../../mesh/names.ts';
import type { WebRequest } from '../../mesh/web-request.ts';
import type { ClusterOptions } from '../../operations/connection/cluster.ts';
import type { MachineOptions } from '../../operations/connection/machine.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { repeatedOptions } from '../join/options.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../print.ts';
import { expectOptions, pathOption, requestOptions, urlOf } from './request-options.ts';

/** What is verified. */
export type What = 'mesh' | 'vm' | 'service' | 'gateway' | 'injection' | 'telemetry' | 'url';

/** Who sends a request. */
type Sender =
  | { readonly kind: 'here' }
  | { readonly kind: 'vm'; readonly name: string }
  | { readonly kind: 'pod'; readonly pod: { readonly name?: string; readonly namespace?: string } };

export interface VerifyOptions {
  readonly what: What;
  /** Of the VM, the Service or the Gateway; the URL. */
  readonly name?: string;
  readonly output: OutputFormat;
  readonly cluster: ClusterOptions;
  /** What is given now of the options that the VM's join recorded. */
  readonly repeated: RecordedOptions;
  readonly machine: MachineOptions;
  readonly namespace?: string;
  readonly from: Sender;
  /** The VM that serves. */
  readonly vm?: string;
  readonly request: Omit<WebRequest, 'url'>;
  readonly path?: string;
  readonly expected: Expected;
  readonly selector?: string;
  readonly meshService?: TypedTarget;
  readonly probeClient?: string;
  readonly printScrape: boolean;
  /** URL. */
  readonly prometheus?: string;
}

const WORDS = ['mesh', 'vm', 'service', 'gateway', 'injection', 'telemetry'] as const;
/** What cannot be verified without a name. */
const NAMED: ReadonlySet<What> = new Set<What>(['vm', 'service', 'telemetry']);

/** Reads the command line of `verify`. Throws `invalid-input` with all issues. */
export function verifyOptions(call: Call): VerifyOptions {
  const input = new Input('verify', call);
  const printScrape = input.flag('printScrape');
  const { what, name } = subjectOf(input, printScrape);
  const options = {
    ...{ what, printScrape, output: input.choice('output', OUTPUT_FORMATS) ?? 'text' },
    ...{
      cluster: clusterOptions(input),
      repeated: repeatedOptions(input),
      machine: machineOptions(input),
      from: senderOf(input),
    },
    ...{ request: requestOptions(input), expected: expectOptions(input) },
    ...present({
      name,
      namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
      vm: input.text('vm'),
      path: pathOption(input),
      selector: selectorOf(input),
      meshService: input.parsed('meshService', parseMeshTarget),
      probeClient: input.text('probeClient'),
      prometheus: prometheusOf(input),
    }),
  };
  input.accept();
  return options;
}

function subjectOf(input: Input, printScrape: boolean): { readonly what: What; readonly name?: string } {
  const [word = 'mesh', name, ...more] = input.call.args;
  if (more.length > 0) input.issue(`${shown(more[0] ?? '')}: one name at most`);
  if (word.includes('://')) {
    if (name !== undefined) input.issue(`${shown(name)}: a URL takes no name`);
    return { what: 'url', ...present({ name: urlOf(input, word) }) };
  }
  const what = WORDS.find((each) => each === word);
  if (!what) {
    input.issue(`${shown(word)} is neither a URL nor one of ${WORDS.join(', ')}`);
    return { what: 'mesh' };
  }
  if (name === undefined && NAMED.has(what) && !printScrape)
    input.issue(`${what}: name the ${what === 'service' ? 'Service' : 'VM'}`);
  if (name !== undefined && (what === 'mesh' || what === 'injection'))
    input.issue(`${shown(name)}: ${what} takes no name`);
  const parsed =
    what === 'service' || what === 'gateway' ? name && input.attempt(what, () => parseName(name, 'subdomain')) : name;
  return { what, ...present({ name: parsed || undefined }) };
}

function senderOf(input: Input): Sender {
  const word = input.text('from') ?? 'here';
  if (word === 'here') return { kind: 'here' };
  const found = /^pod(?::([^.]*)(?:\.([^.]*))?)?$/.exec(word) ?? [];
  if (!/^pod(:|$)/.test(word)) return { kind: 'vm', name: word };
  if (!found) input.issue(`--from: ${shown(word)} is not pod:NAME or pod:NAME.NAMESPACE`);
  const [, name, namespace] = found ?? [];
  const pod = input.attempt('--from', () =>
    present({
      name: name === undefined ? undefined : parseName(name, 'subdomain'),
      namespace: namespace === undefined ? undefined : parseName(namespace, 'namespace'),
    }),
  );
  return { kind: 'pod', pod: pod ?? {} };
}

function prometheusOf(input: Input): string | undefined {
  const text = input.text('prometheus');
  return text === undefined ? undefined : urlOf(input, text);
}

function selectorOf(input: Input): string | undefined {
  const text = input.text('selector');
  const term = /^[\w./-]{1,317}(=[\w.-]{0,63})?$/;
  if (text !== undefined && !text.split(',').every((each) => term.test(each)))
    input.issue(`-l: ${shown(text)} is not a list of labels, KEY=VALUE`);
  return text;
}
