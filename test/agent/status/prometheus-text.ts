interface Parsed {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Parsed[];
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{([^]*)\})? ([-+]?(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|Inf)|NaN)$/;
const LABEL = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;

/**
 * Reads the text format 0.0.4 and applies the rules of `promtool check metrics`: HELP and TYPE before the samples of each family, each
 * family once, no sample twice, counters that end in _total, histograms whose buckets grow and end with +Inf. Throws for anything else.
 */
export function parsePrometheus(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('no line break at the end');
  const families = new Map<string, ParsedFamily>();
  const blocks = text.trimEnd().split(/\n(?=# HELP )/);
  for (const block of blocks) {
    const [help = '', type = '', ...lines] = block.split('\n');
    const [, name = '', words = ''] = /^# HELP (\S+) (.+)$/.exec(help) ?? [];
    const [, typed, kind = ''] = /^# TYPE (\S+) (gauge|counter|histogram)$/.exec(type) ?? [];
    if (name === '' || typed !== name) throw new Error(`HELP and TYPE of ${help} do not fit`);
    if (families.has(name)) throw new Error(`${name} is there twice`);
    const family = { type: kind, help: words, samples: lines.map(parseSample) };
    judge(name, family);
    families.set(name, family);
  }
  return families;
}

function parseSample(line: string): Parsed {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  const found: [string, string][] = [];
  let rest = labels;
  while (rest !== '') {
    const [all = '', key = '', text = ''] = LABEL.exec(rest) ?? [];
    if (all === '') throw new Error(`not labels: ${labels}`);
    found.push([key, text.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark))]);
    rest = rest.slice(all.length);
  }
  return { name, labels: Object.fromEntries(found), value: Number(value.replace('Inf', 'Infinity')) };
}

function judge(name: string, { type, samples }: ParsedFamily): void {
  if (samples.length === 0) throw new Error(`${name} has no sample`);
  const keys = samples.map(({ name: own, labels }) => JSON.stringify([own, labels]));
  if (new Set(keys).size !== keys.length) throw new Error(`${name} has a sample twice`);
  if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`);
  const allowed = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
  const other = samples.find((sample) => !allowed.includes(sample.name));
  if (other) throw new Error(`${other.name} is in ${name}`);
  if (type === 'histogram') judgeBuckets(name, samples);
}

function judgeBuckets(name: string, samples: readonly Parsed[]): void {
  for (const { labels, value } of samples.filter((sample) => sample.name === `${name}_count`)) {
    const own = samples.filter((each) => each.labels['service'] === labels['service']);
    const buckets = own.filter((each) => each.labels['le'] !== undefined);
    const bounds = buckets.map((each) => Number(each.labels['le']?.replace('Inf', 'Infinity')));
    const isGrowing = buckets.every((each, index) => index === 0 || each.value >= buckets[index - 1]!.value);
    if (bounds.some((bound, index) => index > 0 && bound <= bounds[index - 1]!)) throw new Error(`${name}: bounds`);
    if (!isGrowing || bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== value)
      throw new Error(`${name}: buckets`);
  }
}
