import { parseGcpOptions } from '../cluster/compute/gcp-options.ts';
import { cliProblems } from '../problems/cli.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of setupMeshEx.sh that mean what an option of meshx means. */
const SAME_AS: Readonly<Record<string, string>> = {
  namespace: 'SERVICE_NAMESPACE',
  serviceAccount: 'SERVICE_ACCOUNT',
  istioNamespace: 'ISTIO_NAMESPACE',
  cluster: 'K8S_CLUSTER',
};

/** The value that Istio's old scripts would have taken from the environment for this option. */
export function legacyValue(option: string, env: Environment): string | undefined {
  if (option === 'project' || option === 'zone') return parseGcpOptions(env['GCP_OPTS'] ?? '')[option];
  const name = SAME_AS[option];
  return name === undefined ? undefined : env[name];
}

/** The variable of the old scripts that means this option. */
export function legacyVariable(option: string): string {
  return SAME_AS[option] ?? 'GCP_OPTS';
}

/** Variables that meshx does not read, each with what it does instead, and the values under which that is the same. */
const REFUSED: readonly { readonly name: string; readonly harmless: RegExp; readonly instead: string }[] = [
  {
    name: 'CONTROL_PLANE_AUTH_POLICY',
    harmless: /^MUTUAL_TLS$/,
    instead: 'control planes are reached over mutual TLS',
  },
  { name: 'ISTIO_SECRET_PREFIX', harmless: /^istio\.$/, instead: 'identities are issued, not copied out of a Secret' },
  { name: 'ISTIO_CP', harmless: /^$/, instead: 'files travel over SSH; use the SSH options' },
  { name: 'ISTIO_RUN', harmless: /^$/, instead: 'commands run over SSH; use the SSH options' },
];

/** Throws when a variable would make the old scripts do something that meshx does differently. */
export function refuseForeignVariables(env: Environment): void {
  const issues = REFUSED.filter(({ name, harmless }) => env[name] && !harmless.test(env[name])).map(
    ({ name, instead }) => `${name} is set and not read: ${instead}`,
  );
  if (issues.length > 0) throw cliProblems.variableRefused({ issues });
}
