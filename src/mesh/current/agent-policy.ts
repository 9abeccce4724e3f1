import { MANAGED_BY, type KubeObject } from '../kube-object.ts';
import {
  AGENT_ANNOTATION,
  AGENT_STATE_PREFIX,
  HOLDER_ANNOTATION,
  MOST_AGENT_WEIGHT,
  PORTS_ANNOTATION,
} from './agent-annotations.ts';
import { DRAINED_ANNOTATION } from './entry-ports.ts';

/** Name of the ValidatingAdmissionPolicy that limits agents, and of its binding. */
export const AGENT_POLICY = 'meshx-agents';

/** A resource that no API serves. A Role names it, and the policy asks the authorizer about it. */
export const VIRTUAL_GROUP = 'meshx.dev';
export const VIRTUAL_RESOURCE = 'agents';
/** The object that makes an account an agent. No entry can have this name. */
export const VIRTUAL_AGENT = '@agent';

/** Raised when the rules change, so that an older meshx leaves a newer policy alone. */
const FORMAT_ANNOTATION = 'meshx.dev/policy-format';
export const POLICY_FORMAT = 1;

const ADMISSION = 'admissionregistration.k8s.io/v1';

/** Of the annotations of an agent: one for each service, and the holder. */
const MOST_NOTES = 64;
const LONGEST_NOTE = 256;
/** A week, as the join gives it: a machine may be off for some days. */
const LONGEST_TOKEN_SECONDS = 604_800;

/**
 * The policy and its binding, one pair for the whole cluster. It limits accounts that hold the virtual right of an agent
 * to what an agent needs. Holders of the right by a wildcard are administrators and not limited. Needs Kubernetes 1.30.
 */
export function agentPolicyObjects(): readonly KubeObject[] {
  const metadata = {
    name: AGENT_POLICY,
    labels: MANAGED_BY,
    annotations: { [FORMAT_ANNOTATION]: String(POLICY_FORMAT) },
  };
  return [
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { matchPolicy: 'Equivalent', resourceRules: RESOURCES },
        matchConditions: [{ name: 'agents-only', expression: AGENTS_ONLY }],
        variables: VARIABLES,
        validations: [...ENTRY_RULES, ...EVENT_RULES, ...TOKEN_RULES],
      },
    },
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: AGENT_POLICY, validationActions: ['Deny'] },
    },
  ];
}

/** The format of a policy in the cluster; 0 for one of another owner. */
export function policyFormat(policy: KubeObject): number {
  return Number(policy.metadata.annotations?.[FORMAT_ANNOTATION]) || 0;
}

const RESOURCES = [
  {
    apiGroups: ['networking.istio.io'],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    resources: ['workloadentries', 'workloadentries/status'],
  },
  { apiGroups: ['events.k8s.io'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['events'] },
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['serviceaccounts/token'] },
];

const AUTHORIZER = `authorizer.group('${VIRTUAL_GROUP}').resource('${VIRTUAL_RESOURCE}').namespace(request.namespace)`;
const MAY_REPORT = (name: string): string => `${AUTHORIZER}.name(${name}).check('report').allowed()`;

/** The cheap comparison first: most requests are not by accounts of the object's namespace. */
const AGENTS_ONLY = [
  `request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':')`,
  MAY_REPORT(`'${VIRTUAL_AGENT}'`),
  `!${AUTHORIZER}.check('report').allowed()`,
].join(' && ');

/** Evaluated when a rule reads them. `dyn` keeps the type checker from judging the rules of one kind by another. */
const VARIABLES = [
  { name: 'kind', expression: `request.resource.resource` },
  { name: 'isEntry', expression: `variables.kind == 'workloadentries'` },
  { name: 'isMain', expression: `!has(request.subResource) || request.subResource == ''` },
  { name: 'isChange', expression: `variables.isEntry && variables.isMain && request.operation == 'UPDATE'` },
  { name: 'new', expression: `dyn(object)` },
  { name: 'old', expression: `dyn(oldObject)` },
  { name: 'notes', expression: `has(variables.new.metadata.annotations) ? variables.new.metadata.annotations : {}` },
  { name: 'oldNotes', expression: `has(variables.old.metadata.annotations) ? variables.old.metadata.annotations : {}` },
  { name: 'ports', expression: `has(variables.new.spec.ports) ? variables.new.spec.ports : {}` },
  { name: 'oldPorts', expression: `has(variables.old.spec.ports) ? variables.old.spec.ports : {}` },
  {
    name: 'declared',
    expression: `'${PORTS_ANNOTATION}' in variables.oldNotes ? variables.oldNotes['${PORTS_ANNOTATION}'].split(',') : []`,
  },
  { name: 'holder', expression: noteOr('notes', HOLDER_ANNOTATION) },
  { name: 'oldHolder', expression: noteOr('oldNotes', HOLDER_ANNOTATION) },
  { name: 'granted', expression: noteOr('oldNotes', AGENT_ANNOTATION) },
];

function noteOr(notes: string, key: string): string {
  return `'${key}' in variables.${notes} ? variables.${notes}['${key}'] : ''`;
}

interface Rule {
  readonly expression: string;
  readonly message: string;
}

/** Every value of `a` is in `b` unchanged, except those that `free` excuses. */
const kept = (a: string, b: string, free: string): string =>
  `${a}.all(k, ${free} || (k in ${b} && ${a}[k] == ${b}[k]))`;
const same = (a: string, b: string, free: string): string => `(${kept(a, b, free)} && ${kept(b, a, free)})`;

const change = (expression: string, message: string): Rule => ({
  expression: `!variables.isChange || ${expression}`,
  message,
});

const DECLARED = (ports: string): string => `(k + '=' + string(${ports}[k])) in variables.declared`;
const HOLDER_FORM = `^\\\\{"generation":[0-9]{1,9},"boot":"[0-9a-f-]{36}","started":"[0-9TZ:.-]{20,30}"\\\\}$`;
const GENERATION = (holder: string): string => `int(${holder}.find('[0-9]+'))`;

const ENTRY_RULES: readonly Rule[] = [
  {
    expression: `!variables.isEntry || (variables.isChange && ${MAY_REPORT('request.name')})`,
    message: 'an agent may only change its own entry',
  },
  change(
    same('variables.new.spec', 'variables.old.spec', `k in ['ports', 'weight']`),
    'an agent may change neither address, account, labels, network nor locality of an entry',
  ),
  change(
    same(
      'variables.new.metadata',
      'variables.old.metadata',
      `k in ['annotations', 'generation', 'managedFields', 'resourceVersion']`,
    ),
    'an agent may change no metadata but its annotations',
  ),
  change(
    same('variables.notes', 'variables.oldNotes', `k.startsWith('${AGENT_STATE_PREFIX}')`),
    `an agent may only change annotations that begin with ${AGENT_STATE_PREFIX}`,
  ),
  change(
    `(variables.notes.filter(k, k.startsWith('${AGENT_STATE_PREFIX}')).size() <= ${MOST_NOTES} && ` +
      `variables.notes.all(k, !k.startsWith('${AGENT_STATE_PREFIX}') || size(variables.notes[k]) <= ${LONGEST_NOTE}))`,
    `an agent may have ${MOST_NOTES} annotations of ${LONGEST_NOTE} characters`,
  ),
  change(
    `(${kept('variables.ports', 'variables.oldPorts', DECLARED('variables.ports'))} && ` +
      `${kept('variables.oldPorts', 'variables.ports', DECLARED('variables.oldPorts'))})`,
    `an agent may only add and remove ports that ${PORTS_ANNOTATION} declares`,
  ),
  change(
    `!('${DRAINED_ANNOTATION}' in variables.oldNotes) || variables.ports.all(k, k in variables.oldPorts)`,
    'an agent may add no port while an operator drains the VM',
  ),
  change(
    `(!has(variables.new.spec.weight) || variables.new.spec.weight <= ${MOST_AGENT_WEIGHT} || ` +
      `(has(variables.old.spec.weight) && variables.new.spec.weight == variables.old.spec.weight))`,
    `an agent may set a weight of ${MOST_AGENT_WEIGHT} at most`,
  ),
  change(
    `variables.holder == variables.oldHolder || (variables.holder.matches('${HOLDER_FORM}') && ` +
      `variables.granted.matches('^[0-9]{1,9}$') && ${GENERATION('variables.holder')} <= int(variables.granted) && ` +
      `(!variables.oldHolder.matches('${HOLDER_FORM}') || ` +
      `${GENERATION('variables.holder')} >= ${GENERATION('variables.oldHolder')}))`,
    `an agent may not lower the generation of ${HOLDER_ANNOTATION}, nor raise it above ${AGENT_ANNOTATION}`,
  ),
];

const EVENT_RULES: readonly Rule[] = [
  {
    expression:
      `variables.kind != 'events' || (request.operation == 'CREATE' && has(variables.new.regarding) && ` +
      `has(variables.new.regarding.kind) && variables.new.regarding.kind == 'WorkloadEntry' && ` +
      `has(variables.new.regarding.namespace) && variables.new.regarding.namespace == request.namespace && ` +
      `has(variables.new.regarding.name) && variables.new.regarding.name != '${VIRTUAL_AGENT}' && ` +
      `${MAY_REPORT('string(variables.new.regarding.name)')} && ` +
      `!has(variables.new.related))`,
    message: 'an agent may only report events about its own entry',
  },
];

const TOKEN_RULES: readonly Rule[] = [
  {
    expression:
      `variables.kind != 'serviceaccounts' || !has(variables.new.spec.expirationSeconds) || ` +
      `variables.new.spec.expirationSeconds <= ${LONGEST_TOKEN_SECONDS}`,
    message: `an agent may request tokens for ${LONGEST_TOKEN_SECONDS} seconds at most`,
  },
];
