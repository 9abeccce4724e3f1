/** A statistic of Envoy: a number, or the text of a histogram or a version. */
export type Statistic = readonly [name: string, value: number | string];

/** Reads the text of `/stats`. Lines of another form are left out. */
export function readStats(text: string, part = ''): readonly Statistic[] {
  return text.split('\n').flatMap((line) => {
    const at = line.indexOf(': ');
    if (at < 0 || !line.slice(0, at).includes(part)) return [];
    const value = line.slice(at + 2).trimEnd();
    return [[line.slice(0, at), /^\d{1,15}$/.test(value) ? Number(value) : value] as const];
  });
}

/** `NAME: VALUE`, as Envoy prints them. */
export function formatStats(stats: readonly Statistic[]): readonly string[] {
  return stats.map(([name, value]) => `${name}: ${value}`);
}
