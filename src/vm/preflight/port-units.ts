import { type Answers, lines } from './probe.ts';

/**
 * Units of systemd whose main process alone listens on a TCP port, by the port's number. A port that anything else listens on, too, is
 * missing, and so is one whose listener is only somewhere below a unit: cron.service runs programs of every user.
 */
export function portUnits(answers: Answers): Readonly<Record<string, string>> {
  const units = new Map(lines(answers, 'main').map((line) => line.split(' ', 2) as [string, string]));
  const found = new Map<string, Set<string>>();
  for (const line of lines(answers, 'tcp')) {
    const [, port] = /:(\d+)\s+\S+:(?:\*|\d+)/.exec(line) ?? [];
    if (port === undefined) continue;
    const owners = [...line.matchAll(/,pid=(\d+)\)/g)].flatMap(([, pid = '']) => units.get(pid) ?? []);
    const owner = owners.length === 1 ? (owners[0] ?? '') : '';
    found.set(port, (found.get(port) ?? new Set()).add(owner));
  }
  return Object.fromEntries(
    [...found].flatMap(([port, [unit = '', ...more]]) => (unit === '' || more.length > 0 ? [] : [[port, unit]])),
  );
}
