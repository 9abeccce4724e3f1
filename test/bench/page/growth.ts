import { MEMORY_LIMITS } from '../pairs.ts';
import { type Results, timesOf, valuesOf } from '../record.ts';
import { type Summary, summaryOf } from '../statistics.ts';
import { bytes, mebibytes, spread, table } from './format.ts';

/** What grows with what. */
export function growthSection(results: Results): readonly string[] {
  const at = (series: string, side: string): string => spread(summaryOf(timesOf(results, series, side)));
  const trips = (side: string): string => {
    const counted = [...new Set(valuesOf(results, ['growth-registered', side], 'roundTrips'))];
    return counted.length === 0 ? '–' : counted.toSorted((a, b) => a - b).join(', ');
  };
  const services = ['10', '1000', '10000'];
  const few = ['10', '100', '1000'];
  const registered = ['1', '10', '100'];
  return [
    ...table(
      ['Services in the cluster', ...services.map(grouped)],
      [
        ['`generate-cluster-env`', ...services.map((side) => at('growth-services', side))],
        ['`istioctl x workload entry configure`', ...services.map((side) => at('growth-services', `istioctl-${side}`))],
      ],
    ),
    ...table(
      ['services of the VM', ...registered],
      [
        ['`up`, nothing to do', ...registered.map((side) => at('growth-registered', side))],
        ['its round trips', ...registered.map(trips)],
      ],
    ),
    ...table(
      ['fresh VMs in one `up`', '1', '2', '4', '8'],
      [
        [
          ...['time', at('first-join', 'meshx'), at('growth-vms', '2'), at('growth-vms', '4')],
          at('fleet-first', 'meshx'),
        ],
      ],
    ),
    ...table(
      ['resources in a plan', ...few.map(grouped)],
      [['plan in memory', ...few.map((side) => at('growth-plan', side))]],
    ),
  ];
}

function grouped(digits: string): string {
  return digits.replace(/(\d)(?=(\d{3})+$)/g, '$1,');
}

/** Peaks of `up` against their limits, and of the others. */
export function memorySection(results: Results): readonly string[] {
  const of = (series: string, side: string): Summary | undefined =>
    summaryOf(valuesOf(results, [series, side], 'peakKib'));
  const rows = MEMORY_LIMITS.map(({ series, title, mib }) => {
    const peak = of(series, 'meshx');
    const verdict = peak === undefined ? 'not measured' : peak.median / 1024 <= mib ? 'reached' : 'missed';
    return [title, `${mib} MiB`, spread(peak, mebibytes), `**${verdict}**`];
  });
  const others = [
    ['one VM, istioctl + scp + ssh', 'first-join', 'istioctl'],
    ['one VM, Ansible', 'first-join', 'ansible'],
    ['8 VMs, Ansible, 8 forks', 'fleet-first', 'ansible'],
    ['`generate-cluster-env`', 'cluster-env', 'meshx'],
    ['`istioctl x workload entry configure`', 'cluster-env', 'istioctl'],
    ['`register`', 'register', 'meshx'],
    ['`kubectl apply`', 'register', 'kubectl'],
  ].map(([title = '', series = '', side = '']) => [title, '–', spread(of(series, side), mebibytes), '']);
  return table(['what', 'at most', 'peak', ''], [...rows, ...others]);
}

/** Bytes on the cable of the VMs, both ways, with all headers. */
export function wireSection(results: Results): readonly string[] {
  const rows = [
    ['first join, meshx', 'first-join', 'meshx'],
    ['first join, istioctl + scp + ssh', 'first-join', 'istioctl'],
    ['first join, the same over one connection', 'first-join', 'istioctl-master'],
    ['first join, Ansible', 'first-join', 'ansible'],
    ['join, package on the VM, meshx', 'package-present', 'meshx'],
    ['nothing to do, meshx', 'nothing', 'meshx'],
    ['nothing to do, Ansible', 'nothing', 'ansible'],
    ['8 first joins, meshx', 'fleet-first', 'meshx'],
    ['8 first joins, Ansible', 'fleet-first', 'ansible'],
    ['8 VMs, nothing to do, meshx', 'fleet-nothing', 'meshx'],
    ['8 VMs, nothing to do, Ansible', 'fleet-nothing', 'ansible'],
  ].map(([title = '', series = '', side = '']) => [
    title,
    ...['bytesTo', 'bytesFrom'].map((key) => {
      const summary = summaryOf(valuesOf(results, [series, side], key));
      return summary ? bytes(summary.median) : '–';
    }),
  ]);
  return table(['what', 'to the VMs', 'from the VMs'], rows);
}
