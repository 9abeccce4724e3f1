import type { Result, Seen } from '../check.ts';

/** Series by their labels, with their values. */
export type CountedSeries = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

/** What Prometheus had of a workload before and after requests, or why it was not asked. */
export type PrometheusSeen =
  | {
      readonly before: CountedSeries;
      readonly after: CountedSeries;
      /** Whether there was time for a scrape. */
      readonly waited: boolean;
      /** What it scrapes of the VM, 1 for a target that answers; read only without series. */
      readonly targets: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
    }
  | { readonly untried: string };

const verdict = { category: 'traffic', severity: 'error', ms: 0 } as const;
const SERIES = { ...verdict, id: 'prometheus-series', title: 'Prometheus has series of the VM' };
const GROWTH = { ...verdict, id: 'prometheus-growth', title: 'the series grow with the requests' };

/** Whether Prometheus knows requests to the workload of the VM, and whether it counted those that were sent. */
export function judgePrometheus(seen: PrometheusSeen, namespace: string): readonly Result[] {
  if ('untried' in seen) {
    const skipped = { ok: 'skipped', detail: seen.untried } as const;
    return [
      { ...SERIES, ...skipped, hint: 'Name a Prometheus with --prometheus URL' },
      { ...GROWTH, ...skipped },
    ];
  }
  if (seen.after.length === 0)
    return [
      { ...SERIES, ...withoutSeries(seen.targets, namespace) },
      { ...GROWTH, ok: 'skipped', detail: 'there are none' },
    ];
  return [
    { ...SERIES, ok: true, detail: seen.after.map(words).join('; ') },
    { ...GROWTH, ...growth(seen.before, seen.after, seen.waited) },
  ];
}

function words([labels, value]: CountedSeries[number]): string {
  return `${labels['__name__'] ?? ''} of reporter ${labels['reporter'] ?? 'unknown'}: ${value}`;
}

function withoutSeries(
  targets: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  namespace: string,
): Seen {
  const down = targets.filter(({ value }) => value !== 1).map(({ labels }) => labels['instance'] ?? '');
  const hint = `Add the jobs for the VMs of the namespace: meshx verify telemetry --print-scrape -n ${namespace}`;
  if (targets.length === 0) return { ok: false, detail: 'it scrapes nothing of the VM', hint };
  if (down.length === targets.length)
    return {
      ok: false,
      detail: `it gets no answer from ${down.join(', ')}`,
      hint: 'Let Prometheus reach these ports of the VM; a firewall is in between, or the sidecar has stopped',
    };
  return {
    ok: 'skipped',
    detail: `it scrapes ${targets.map(({ labels }) => labels['instance'] ?? '').join(', ')}, and there is no counter of Istio yet`,
  };
}

function growth(before: CountedSeries, after: CountedSeries, waited: boolean): Seen {
  const [from, to] = [before, after].map((series) => series.reduce((all, [, value]) => all + value, 0));
  const detail = `${from} before, ${to} after`;
  if ((to ?? 0) > (from ?? 0)) return { ok: true, detail };
  if (!waited) return { ok: 'skipped', detail: `${detail}; Prometheus scrapes now and then: wait for it with --wait` };
  return {
    ok: false,
    detail,
    hint: 'Look whether its target of the VM answers: meshx dashboard prometheus',
  };
}
