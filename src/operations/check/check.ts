import pLimit from 'p-limit';
import type { CheckReport, Member } from '../../checks/report/report.ts';
import { isHealthy } from '../../checks/report/report.ts';
import { CATEGORIES, type Result } from '../../checks/check.ts';
import { judgePicture, unknownVms } from '../../checks/mesh/judge-picture.ts';
import type { SshWords } from '../../checks/vm/hint-lines.ts';
import { judgeVm, unanswered } from '../../checks/vm/judge-vm.ts';
import { JOINED_CHECK } from '../../checks/vm/membership.ts';
import { LOGIN_CHECK } from '../../checks/vm/vm-checks.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { poll } from '../../cluster/api/poll.ts';
import type { ClusterPicture } from '../../cluster/picture/picture.ts';
import { readClusterPicture } from '../../cluster/picture/read-picture.ts';
import { present } from '../../present.ts';
import { checkProblems } from '../../problems/check.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { World } from '../../world.ts';
import { openCluster } from '../connection/cluster.ts';
import type { MachineOptions } from '../connection/machine.ts';
import { type AnsweredVm, askVm, type VmAnswer } from './vm-answer.ts';
import { VmLogins } from './vm-logins.ts';
import type { CheckOptions, CheckRun } from './check-options.ts';
import { controlPlaneOf, judgeBefore, preflightOf } from './check-before.ts';
import { clusterWords, vmSubject } from './vm-subject.ts';

/** How often a cluster is read while it is waited for, in milliseconds. */
const PAUSE_MS = 2000;
/** VMs that are asked at the same time. */
const AT_ONCE = 8;

/**
 * Reads the cluster once, and the named VMs beside it, and judges both; while waiting, until all is healthy or the time is over. Only
 * reads. A VM that cannot be asked is a finding. Throws `check-vm-unknown`, `check-needs-istiod`, and Problems of reaching the cluster.
 */
export async function checkMesh(world: World, options: CheckOptions): Promise<CheckReport> {
  const { cluster, namespace, machine } = options;
  // A folder of manifests has no VMs.
  await using logins = machine && cluster.connect.manifests === undefined ? new VmLogins(world, machine) : undefined;
  const asked = logins && { logins };
  // The VMs answer while the cluster is opened.
  let early = options.before ? undefined : askVms(world, { ...options, ...asked });
  early?.catch(() => undefined);
  const { kube, facts } = await openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace);
  const { timeoutMs = 0 } = cluster.facts.wait ?? {};
  const wait = { timeoutMs, intervalMs: PAUSE_MS, what: 'wait until the mesh is healthy', signal: world.signal };
  const run = { ...options, ...asked, facts };
  const look = (): Promise<CheckReport> => {
    if (options.before) return checkFirst(world, kube, run);
    const answers = early ?? askVms(world, run);
    early = undefined;
    return checkOnce(world, kube, { ...run, answers });
  };
  return await poll(look, isHealthy, wait);
}

/** What a join of these VMs would check first. */
async function checkFirst(world: World, kube: Kubernetes, run: CheckRun): Promise<CheckReport> {
  const start = performance.now();
  const { logins, services = [] } = run;
  const [picture, controlPlane] = await Promise.all([
    readCluster(world, kube, run, run.namespace),
    controlPlaneOf(kube, run),
  ]);
  const limit = pLimit(AT_ONCE);
  const common = { kube, namespace: run.namespace ?? 'default', controlPlane, services };
  const asked = run.vms.map((vm) =>
    limit(async () =>
      logins ? await preflightOf(world, vm, { login: () => logins.host(hostName(vm)), ...common }) : [],
    ),
  );
  const ofVms = (await Promise.all(asked)).flat();
  return reportOf(kube.name, { run, start, namespaces: [], results: [judgeBefore(picture, run), ofVms] });
}

interface Judged {
  readonly run: CheckRun;
  /** When the check began, as performance.now(). */
  readonly start: number;
  readonly namespaces: readonly string[];
  /** Of the cluster, and of the VMs. */
  readonly results: readonly [readonly Result[], readonly Result[]];
}

function reportOf(cluster: string, { run, start, namespaces, results: [ofCluster, ofVms] }: Judged): CheckReport {
  const isWanted = (result: Result): boolean =>
    run.only.length === 0 || run.only.includes(result.id) || run.only.includes(result.category) || leavesOut(result);
  return {
    ...{ cluster, namespaces, ms: Math.round(performance.now() - start) },
    results: inOrder([...ofCluster, ...merged(ofVms.filter(isWanted))]).map((result) =>
      withAccepted(result, run.accepted),
    ),
  };
}

async function checkOnce(
  world: World,
  kube: Kubernetes,
  run: CheckRun & { readonly answers: Promise<readonly VmAnswer[]> },
): Promise<CheckReport> {
  const start = performance.now();
  const [first, answers] = await Promise.all([readCluster(world, kube, run, run.namespace), run.answers]);
  const answered = answers.filter((answer): answer is AnsweredVm => 'picture' in answer);
  const picture = await withPlaces(first, answered, (namespace) => readCluster(world, kube, run, namespace));
  refuseUnknown(picture, run.logins ? answers.flatMap(nameless) : run.vms);
  const ofCluster = judgePicture(picture, { ...run, vms: wordsOf(run, picture, answers) });
  const ofVms = answers.flatMap((answer) => judgeAnswer(answer, picture, run));
  const namespaces = picture.namespaces.map(({ name }) => name);
  const report = reportOf(kube.name, { run, start, namespaces, results: [ofCluster, ofVms] });
  return { ...report, members: answered.flatMap(memberOf) };
}

function memberOf({ vm, inspection }: AnsweredVm): readonly Member[] {
  const { record } = inspection.membership;
  return record ? [{ vm, host: hostName(vm), namespace: record.namespace }] : [];
}

function readCluster(world: World, kube: Kubernetes, { facts, caller }: CheckRun, namespace: string | undefined) {
  return readClusterPicture(kube, { facts, now: world.now(), ...present({ namespace, caller }) });
}

async function askVms(world: World, { logins, vms }: Pick<CheckRun, 'logins' | 'vms'>): Promise<readonly VmAnswer[]> {
  if (!logins) return [];
  const limit = pLimit(AT_ONCE);
  return await Promise.all(
    vms.map((vm) =>
      limit(async () => {
        const answer = await askVm(world, vm, () => logins.host(hostName(vm)));
        if ('problem' in answer) await logins.forget(hostName(vm));
        return answer;
      }),
    ),
  );
}

/** `vm/db1` names a group and its namespace; SSH knows the name. */
function hostName(vm: string): string {
  return /^[a-z0-9-]+\/[^/]+$/.exec(vm) ? (vm.split('/')[1] ?? vm) : vm;
}

/** VMs that meshx did not set up may be in namespaces that were not read. */
async function withPlaces(
  picture: ClusterPicture,
  answered: readonly AnsweredVm[],
  read: (namespace: string) => Promise<ClusterPicture>,
): Promise<ClusterPicture> {
  const known = new Set(picture.namespaces.map(({ name }) => name));
  const missing = [...new Set(answered.flatMap(({ place }) => place ?? []))].filter((place) => !known.has(place));
  const more = await Promise.all(missing.map(read));
  const all = [...picture.namespaces, ...more.flatMap(({ namespaces }) => namespaces)];
  const namespaces = all.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...picture, namespaces, about: { ...present({ address: joinedBy(answered) }), ...picture.about } };
}

/** The address of istiod with which a VM joined: the cluster need not know it. */
function joinedBy(answered: readonly AnsweredVm[]): string | undefined {
  const given = answered.map(({ inspection }) => inspection.membership.record?.options['istiodAddress']);
  return given.find((address) => typeof address === 'string');
}

/** A name that leads to no machine. */
function nameless(answer: VmAnswer): readonly string[] {
  return 'problem' in answer && answer.problem.id === cliProblems.vmNotFound.id ? [answer.vm] : [];
}

/** A VM is known by its own answer, or by its name in the cluster. */
function refuseUnknown(picture: ClusterPicture, silent: readonly string[]): void {
  const unknown = unknownVms(picture, silent);
  const namespaces = picture.namespaces.map(({ name }) => name);
  if (unknown.length > 0) throw checkProblems.vmUnknown({ vms: unknown, cluster: picture.about.cluster, namespaces });
}

/** The names by which the cluster knows the VMs. */
function wordsOf({ vms }: CheckRun, picture: ClusterPicture, answers: readonly VmAnswer[]): readonly string[] {
  const isUnknown = new Set(unknownVms(picture, vms));
  const words = answers.flatMap((answer) => ('picture' in answer ? clusterWords(answer) : []));
  const all = [
    ...vms.filter((vm) => !isUnknown.has(vm)),
    ...words.filter((word) => unknownVms(picture, [word]).length === 0),
  ];
  return all.length > 0 || vms.length === 0 ? [...new Set(all)] : vms;
}

function judgeAnswer(answer: VmAnswer, picture: ClusterPicture, { machine, accepted }: CheckRun): readonly Result[] {
  if ('problem' in answer) return [unanswered(answer.vm, answer.problem)];
  const subject = vmSubject(answer, picture, sshWords(machine, hostName(answer.vm)));
  const recorded = answer.inspection.membership.record?.options['acceptRisk'];
  const own = typeof recorded === 'string' ? [recorded] : Array.isArray(recorded) ? recorded : [];
  return judgeVm(subject).map((result) => withAccepted(result, [...accepted, ...own]));
}

/** The options by which ssh reaches the same machine. */
function sshWords(machine: MachineOptions | undefined, vm: string): SshWords {
  const { user, port, identityFile, sshConfig } = machine?.ssh ?? {};
  return [
    'ssh',
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    vm,
  ];
}

/** One result for a check that holds on every VM without comment; else its findings and comments. */
function merged(results: readonly Result[]): readonly Result[] {
  const ids = [...new Set(results.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const same = results.filter((result) => result.id === id);
    const told = same.filter(({ ok, detail }) => ok !== true || detail !== '');
    return told.length > 0 ? told : same.slice(0, 1);
  });
}

function inOrder(results: readonly Result[]): readonly Result[] {
  return CATEGORIES.flatMap((category) => results.filter((result) => result.category === category));
}

/** A finding in whose place other checks were left out: a chosen one of those must not seem to hold. */
function leavesOut({ id, ok }: Result): boolean {
  return ok === false && (id === LOGIN_CHECK.id || id === JOINED_CHECK.id);
}

/** An accepted risk stays in the report, as a note. */
function withAccepted(result: Result, accepted: readonly string[]): Result {
  if (result.ok !== false || result.risk === undefined || !accepted.includes(result.risk)) return result;
  if (result.severity === 'note') return result;
  return { ...result, severity: 'note', detail: `accepted: ${result.detail}` };
}
