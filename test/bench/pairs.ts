import type { Target } from './statistics.ts';

/** Two sides of one series that are compared. */
export interface Pair {
  readonly series: string;
  readonly ours: string;
  readonly theirs: string;
  /** What is done, and by whom on the other side. */
  readonly title: string;
  readonly alternative: string;
  /** Absent when the pair is shown for comparison only. */
  readonly target?: Target;
}

const FIRST = 'first join of a fresh VM, with proofs';
const MANUAL = "istioctl + scp + ssh, as Istio's manual has it, without proofs";

/** What is compared, in the order of the page. */
export const PAIRS: readonly Pair[] = [
  {
    ...{ series: 'first-join', ours: 'meshx', theirs: 'istioctl', title: FIRST, alternative: MANUAL },
    target: { reach: 0.9, hoped: 0.6 },
  },
  {
    ...{ series: 'first-join', ours: 'meshx', theirs: 'istioctl-master', title: FIRST },
    ...{ alternative: 'the same over one connection (ControlMaster)', target: { reach: 1.0, hoped: 0.8 } },
  },
  {
    ...{ series: 'first-join', ours: 'meshx', theirs: 'ansible', title: FIRST },
    ...{ alternative: 'Ansible with pipelining', target: { reach: 0.4, hoped: 0.25 } },
  },
  {
    ...{ series: 'agent-join', ours: 'agent', theirs: 'no-agent', title: 'first join with the agent' },
    ...{ alternative: 'the same with --no-agent', target: { reach: 1.15, hoped: 1.05 } },
  },
  {
    ...{ series: 'package-present', ours: 'meshx', theirs: 'envoy', title: 'join, the package is on the VM already' },
    ...{ alternative: "Envoy's own time: start of pilot-agent to 15021 ready", target: { reach: 5, hoped: 2.5 } },
  },
  {
    ...{ series: 'nothing', ours: 'meshx', theirs: 'ansible', title: 'nothing to do' },
    ...{ alternative: 'Ansible with pipelining', target: { reach: 0.05, hoped: 0.03 } },
  },
  {
    ...{ series: 'fleet-first', ours: 'meshx', theirs: 'ansible', title: '8 fresh VMs, with proofs' },
    ...{ alternative: 'Ansible, 8 forks', target: { reach: 0.25, hoped: 0.2 } },
  },
  {
    ...{ series: 'fleet-nothing', ours: 'meshx', theirs: 'ansible', title: '8 VMs, nothing to do' },
    ...{ alternative: 'Ansible, 8 forks', target: { reach: 0.1, hoped: 0.05 } },
  },
  {
    ...{ series: 'command', ours: 'cold', theirs: 'ssh', title: 'one remote command in process, cold' },
    ...{ alternative: 'ssh', target: { reach: 0.6, hoped: 0.4 } },
  },
  {
    ...{ series: 'command', ours: 'open', theirs: 'ssh', title: 'one remote command on an open connection' },
    ...{ alternative: 'ssh', target: { reach: 0.1, hoped: 0.03 } },
  },
  {
    ...{ series: 'command', ours: 'process', theirs: 'ssh', title: 'one remote command as a whole process' },
    alternative: 'ssh',
  },
  {
    ...{ series: 'copy', ours: 'meshx', theirs: 'scp', title: 'copy of 50 MB, connecting included' },
    ...{ alternative: 'scp', target: { reach: 1.1, hoped: 0.9 } },
  },
  ...['--version', '--help', 'completion'].flatMap((word): readonly Pair[] => [
    {
      ...{ series: 'start', ours: word, theirs: 'node', title: `meshx ${word}` },
      ...{ alternative: 'node -e 0', target: { reach: 1.4, hoped: 1.15 } },
    },
    { series: 'start', ours: word, theirs: 'istioctl', title: `meshx ${word}`, alternative: 'istioctl version' },
  ]),
  {
    ...{ series: 'executable', ours: '--version', theirs: 'node', title: 'the executable: --version' },
    ...{ alternative: 'node -e 0 of the Node.js in it', target: { reach: 1.2, hoped: 1.1 } },
  },
  {
    ...{ series: 'executable', ours: 'files', theirs: 'files-npm' },
    ...{ title: 'the executable: generate-cluster-env of a folder', alternative: 'the files that npm installs' },
  },
  {
    ...{ series: 'cluster-env', ours: 'meshx', theirs: 'istioctl', title: 'generate-cluster-env with its token' },
    ...{ alternative: 'istioctl x workload entry configure', target: { reach: 1.5, hoped: 1.0 } },
  },
  {
    ...{ series: 'register', ours: 'meshx', theirs: 'kubectl', title: 'register' },
    ...{ alternative: 'kubectl apply of the same objects', target: { reach: 1.5, hoped: 1.0 } },
  },
  ...['routes', 'clusters'].map((view): Pair => ({
    ...{
      series: 'proxy',
      ours: `${view}-meshx`,
      theirs: `${view}-istioctl`,
      title: `proxy --file, ${view} of 2,000 services`,
    },
    ...{ alternative: `istioctl proxy-config ${view} --file`, target: { reach: 1.5, hoped: 1.0 } },
  })),
  {
    ...{ series: 'growth-services', ours: '10000', theirs: '10', title: 'generate-cluster-env, 10,000 Services' },
    ...{ alternative: 'the same with 10 Services', target: { reach: 1.2, hoped: 1.05 } },
  },
];

/** Peak memory that `up` may use, MiB. */
export const MEMORY_LIMITS = [
  { series: 'first-join', title: 'up of one VM', mib: 150 },
  { series: 'fleet-first', title: 'up of 8 VMs at once', mib: 220 },
] as const;
