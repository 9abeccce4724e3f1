import type { Category, Result } from '../../checks/check.ts';
import { one, runChecks, type CheckGroup } from '../../checks/run.ts';
import { judgeResolves } from '../../checks/join/control-plane.ts';
import { vmQuestions, type VmQuestions } from '../../checks/join/vm-questions.ts';
import { verifyJoin } from '../../checks/verify-join.ts';
import type { VerifyGroup, VerifyReport } from '../../checks/verify/report.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { findMeshTarget } from '../../cluster/facts/mesh-target.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import { vmEntry } from '../../cluster/registration/vm-entry.ts';
import type { Host } from '../../host/run/host.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { TypedTarget } from '../../mesh/mesh-target.ts';
import { portSecurity } from '../../mesh/mutual-tls.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { present } from '../../present.ts';
import { dial } from '../../vm/reachability/dial.ts';
import { memberFacts, type MemberFacts, type MemberOptions } from './member.ts';

export interface VmOptions extends MemberOptions {
  readonly kube: Kubernetes;
  readonly host: Host;
  /** A service of the mesh that the VM must reach. */
  readonly meshService?: TypedTarget;
  /** Another VM of the mesh, as the client of this VM's services. */
  readonly client?: Host;
}

/** How long each condition is waited for. */
const LIMIT_MS = 5000;

/** Everything that a join verifies, on a VM as it is now, and which names it resolves. Changes nothing. */
export async function verifyVm(options: VmOptions): Promise<VerifyReport> {
  const start = performance.now();
  const { kube, host, signal, meshService, client } = options;
  const member = await memberFacts(host, kube, options);
  const { cluster, workload, address } = member;
  const { namespace } = workload;
  const policies = await clusterGeneration(cluster.generation).policies(kube, cluster, { namespace, signal });
  const security = policies ? portSecurity(workload, policies) : [];
  const named = { namespace, clusterDomain: cluster.clusterDomain, signal };
  const question = {
    ...{ name: host.name, cluster, workload, vm: { address }, dial },
    outside: Object.fromEntries(security.map(({ port, outsideMesh }) => [port.number, outsideMesh])),
    inside: Object.fromEntries(security.map(({ port, insideMesh }) => [port.number, insideMesh])),
    ...(meshGeneration(cluster.generation).hasGroups && { entry: vmEntry({ kube, workload, address, signal }) }),
    ...present({ client, meshService: meshService && (await findMeshTarget(kube, meshService, named)) }),
  };
  const running = { signal, limitMs: LIMIT_MS };
  const results: Result[] = [];
  for await (const result of verifyJoin(host, question, running)) results.push(result);
  const questions = vmQuestions(host, running);
  for await (const result of runChecks([nameChecks(member, questions)], running)) results.push(result);
  const mesh = meshGeneration(cluster.generation);
  const place = mesh.hasGroups ? `WorkloadGroup ${namespace}/${workload.group}` : `namespace ${namespace}`;
  const subject = `VM ${host.name} (${place}, ${address})`;
  return { subject, groups: groupsOf(results), ms: Math.round(performance.now() - start) };
}

const TITLES: readonly (readonly [title: string, of: (result: Result) => boolean])[] = [
  ['the sidecar and its control plane', ({ category }) => !isOf(category, ['traffic', 'dns', 'registration'])],
  ['registration', ({ category }) => category === 'registration'],
  ['names', ({ category, id }) => category === 'dns' || id === 'mesh-name-resolves'],
  ['from the VM to the mesh', ({ id }) => id === 'mesh-connection'],
  ['from the mesh to the VM', ({ category, id }) => category === 'traffic' && !id.startsWith('mesh-')],
];

function isOf(category: Category, categories: readonly Category[]): boolean {
  return categories.includes(category);
}

function groupsOf(results: readonly Result[]): readonly VerifyGroup[] {
  return TITLES.map(([title, of]) => ({ title, results: results.filter(of) })).filter(
    (group) => group.results.length > 0,
  );
}

const USER = 'nobody';

/** Which forms of names the VM resolves, by its own resolver. A name that is missing must not take long. */
function nameChecks({ cluster, workload }: MemberFacts, { ask }: VmQuestions): readonly CheckGroup[] {
  const { namespace, services } = workload;
  const missing = serviceHost('meshx-no-such-service', namespace, cluster.clusterDomain);
  const absent = one(
    { id: 'absent-name', category: 'dns', title: 'a name that does not exist is refused' },
    () => ask('resolves', [missing, USER]),
    (answer) => ({
      ok: answer.trim() === '',
      detail:
        answer.trim() === '' ? `${missing} has no address` : `${missing} resolves to ${answer.trim().split(/\s+/)[0]}`,
    }),
  );
  const [first] = services;
  if (!first) return [absent];
  const forms = [`${first.name}.${namespace}.svc`, `${first.name}.${namespace}`, first.name];
  const checks = forms.map((name) =>
    one(
      { id: `name-form:${name}`, category: 'dns', title: 'a shorter form of the name resolves' },
      () => ask('resolves', [name, USER]),
      (answer) => {
        const seen = judgeResolves(answer, name, []);
        return seen.ok === true
          ? seen
          : { ok: 'skipped', detail: `${name} does not resolve on this VM; use the full name` };
      },
    ),
  );
  return [...checks, absent];
}
