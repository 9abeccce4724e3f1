/** One sample of `/stats/prometheus`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

/** Reads the samples of these names from Prometheus' text format. Lines of another form are left out. */
export function readSamples(text: string, names: ReadonlySet<string>): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line.trimEnd()) ?? [];
    if (name === undefined || !names.has(name) || !Number.isFinite(Number(value))) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [key, unescaped(text)]);
    return [{ name, labels: Object.fromEntries(pairs) as Sample['labels'], value: Number(value) }];
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
}

/** By how much samples grew. One that was not there before began at 0; one that shrank was reset. */
export function grownSamples(before: readonly Sample[], after: readonly Sample[]): readonly Sample[] {
  const known = new Map(before.map((sample) => [keyOf(sample), sample.value]));
  return after.flatMap((sample) => {
    const former = known.get(keyOf(sample)) ?? 0;
    const value = sample.value < former ? sample.value : sample.value - former;
    return value > 0 ? [{ ...sample, value }] : [];
  });
}

function keyOf({ name, labels }: Sample): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
