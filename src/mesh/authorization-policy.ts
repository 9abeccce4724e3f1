import { type KubeObject, refOf, showRef } from './kube-object.ts';
import { list, mapping, textMapping } from './unknown.ts';

/** A connection to one port of a workload. */
export interface AccessQuestion {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** Conditions on requests apply; a connection of any other protocol has none. */
  readonly isHttp: boolean;
  readonly rootNamespace: string;
  /** Identities of the caller without `spiffe://`, one for each name of the trust domain; empty for a caller without one. */
  readonly principals: readonly string[];
  readonly callerNamespace: string;
}

/** Whether a caller may connect. `depends` means that single requests decide. */
export interface Access {
  readonly verdict: 'allowed' | 'denied' | 'depends';
  /** The policies that deny: a DENY that matches, or each ALLOW that does not. */
  readonly by: readonly string[];
}

/** Three-valued: conditions on requests are unknown before there is one. */
type Match = 'yes' | 'no' | 'depends';

/**
 * Access as istiod computes it: a DENY policy that matches wins; else one of the ALLOW policies must match, if there are any. Policies
 * of the root namespace apply everywhere. CUSTOM and AUDIT policies, dry runs, and policies for gateways and waypoints decide nothing here.
 */
export function accessOf(question: AccessQuestion, policies: readonly KubeObject[]): Access {
  const applied = policies.filter((policy) => applies(policy, question));
  const denying = applied.filter((policy) => actionOf(policy) === 'DENY');
  const denials = denying.map((policy) => ({ policy, match: matchOf(policy, question) }));
  const denied = denials.filter(({ match }) => match === 'yes').map(({ policy }) => policy);
  if (denied.length > 0) return { verdict: 'denied', by: namesOf(denied) };
  const allowing = applied.filter((policy) => actionOf(policy) === 'ALLOW');
  const allows = allowing.map((policy) => matchOf(policy, question));
  if (allowing.length > 0 && allows.every((match) => match === 'no'))
    return { verdict: 'denied', by: namesOf(allowing) };
  const isSure = allowing.length === 0 || allows.includes('yes');
  const isFree = denials.every(({ match }) => match === 'no');
  return { verdict: isSure && isFree ? 'allowed' : 'depends', by: [] };
}

/**
 * Names of the policies that deny every caller; none if some caller may get in. A DENY without conditions does, and so do ALLOW
 * policies if none of them has a rule.
 */
export function deniesEveryone(
  question: Omit<AccessQuestion, 'principals' | 'callerNamespace'>,
  policies: readonly KubeObject[],
): readonly string[] {
  const applied = policies.filter((policy) => applies(policy, question));
  const total = applied.filter((policy) => actionOf(policy) === 'DENY' && rulesOf(policy).some(isUnconditional));
  if (total.length > 0) return namesOf(total);
  const allowing = applied.filter((policy) => actionOf(policy) === 'ALLOW');
  return allowing.length > 0 && allowing.every((policy) => rulesOf(policy).length === 0) ? namesOf(allowing) : [];
}

/** The principals that a policy names, with their patterns. */
export function principalsIn(policy: KubeObject): readonly string[] {
  const sources = rulesOf(policy).flatMap((rule) => list(rule['from']).map((from) => mapping(mapping(from)['source'])));
  return sources.flatMap((source) => [...texts(source['principals']), ...texts(source['notPrincipals'])]);
}

type Mapping = Readonly<Record<string, unknown>>;

function applies(
  policy: KubeObject,
  { namespace, labels, rootNamespace }: Pick<AccessQuestion, 'namespace' | 'labels' | 'rootNamespace'>,
): boolean {
  const spec = mapping(policy['spec']);
  const isDryRun = policy.metadata.annotations?.['istio.io/dry-run'] === 'true';
  if (isDryRun || spec['targetRef'] !== undefined || list(spec['targetRefs']).length > 0) return false;
  if (![namespace, rootNamespace].includes(policy.metadata.namespace ?? '')) return false;
  const selector = Object.entries(textMapping(mapping(spec['selector'])['matchLabels']));
  return selector.every(([key, value]) => labels[key] === value);
}

function actionOf(policy: KubeObject): string {
  const action = mapping(policy['spec'])['action'];
  return typeof action === 'string' ? action : 'ALLOW';
}

function rulesOf(policy: KubeObject): readonly Mapping[] {
  return list(mapping(policy['spec'])['rules']).map(mapping);
}

function isUnconditional(rule: Mapping): boolean {
  return ['from', 'to', 'when'].every((part) => list(rule[part]).length === 0);
}

function matchOf(policy: KubeObject, question: AccessQuestion): Match {
  const isDeny = actionOf(policy) === 'DENY';
  return either(rulesOf(policy).map((rule) => ruleMatch(rule, question, isDeny)));
}

function ruleMatch(rule: Mapping, question: AccessQuestion, isDeny: boolean): Match {
  const from = list(rule['from']).map((each) => sourceMatch(mapping(mapping(each)['source']), question, isDeny));
  const to = list(rule['to']).map((each) => operationMatch(mapping(mapping(each)['operation']), question, isDeny));
  const when = list(rule['when']).map((): Match => 'depends');
  return all([from.length === 0 ? 'yes' : either(from), to.length === 0 ? 'yes' : either(to), ...when]);
}

/** Fields of a source that depend on a request. */
const REQUEST_SOURCES = ['requestPrincipals', 'notRequestPrincipals'] as const;
/** Those that depend on the caller's address. */
const ADDRESS_SOURCES = ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'] as const;

function sourceMatch(source: Mapping, question: AccessQuestion, isDeny: boolean): Match {
  const { principals, callerNamespace } = question;
  const accounts = principals.map((principal) => principal.split('/ns/')[1]?.replace('/sa/', '/') ?? '');
  return all([
    listed(source, 'principals', principals),
    listed(source, 'namespaces', [callerNamespace]),
    listed(source, 'serviceAccounts', accounts, (pattern) =>
      pattern.includes('/') ? pattern : `${question.namespace}/${pattern}`,
    ),
    ...ADDRESS_SOURCES.map((field): Match => (list(source[field]).length > 0 ? 'depends' : 'yes')),
    ...REQUEST_SOURCES.map((field) => requestMatch(source, field, question, isDeny)),
  ]);
}

function operationMatch(operation: Mapping, question: AccessQuestion, isDeny: boolean): Match {
  const port = [String(question.port)];
  const fields = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'];
  return all([
    listed(operation, 'ports', port),
    ...fields.map((field) => requestMatch(operation, field, question, isDeny)),
  ]);
}

/**
 * Without HTTP there is no request to compare. istiod then drops such a condition from a DENY rule, and an ALLOW rule with one never
 * matches: https://istio.io/latest/docs/tasks/security/authorization/authz-tcp/
 */
function requestMatch(part: Mapping, field: string, { isHttp }: AccessQuestion, isDeny: boolean): Match {
  if (list(part[field]).length === 0) return 'yes';
  if (isHttp) return 'depends';
  return isDeny ? 'yes' : 'no';
}

/** `FIELD` must match one of the values, and `notFIELD` none. */
function listed(
  part: Mapping,
  field: string,
  values: readonly string[],
  patternOf: (pattern: string) => string = (pattern) => pattern,
): Match {
  const matches = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => values.some((value) => matchesPattern(value, patternOf(pattern))));
  const wanted = texts(part[field]);
  const refused = texts(part[`not${field[0]?.toUpperCase()}${field.slice(1)}`]);
  return (wanted.length === 0 || matches(wanted)) && !matches(refused) ? 'yes' : 'no';
}

/** Exact, `prefix*`, `*suffix`, or `*` for anything that is not empty. */
function matchesPattern(value: string, pattern: string): boolean {
  if (pattern === '*') return value !== '';
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : value === pattern;
}

function all(matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('depends') ? 'depends' : 'yes';
}

function either(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.includes('depends') ? 'depends' : 'no';
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((each) => typeof each === 'string');
}

function namesOf(policies: readonly KubeObject[]): readonly string[] {
  return policies.map((policy) => showRef(refOf(policy)));
}
