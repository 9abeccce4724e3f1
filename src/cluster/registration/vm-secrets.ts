import type { Kubernetes, TokenQuery } from '../api/kubernetes.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { registrationProblems } from '../../problems/registration.ts';

/** Name of the token in plans of a current mesh. */
export const TOKEN_SECRET = 'istio-token';

/** istiod accepts this audience. 600 seconds is the API server's minimum. */
const ISTIO_CA = { audience: 'istio-ca', seconds: 600 } as const;

/** Name of the agent's token for the API server in plans of a current mesh. */
const AGENT_TOKEN_SECRET = 'agent-api-token';

/** Seconds of a week: an agent renews its token long before, and a machine may be off for some days. */
const AGENT_TOKEN_SECONDS = 604_800;

/** Whose secrets they are. */
export interface SecretOwner {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Gives a secret by its name in a plan. */
export interface SecretSource {
  readonly secret: (name: string, signal?: AbortSignal) => Promise<string>;
}

/**
 * The secrets that a plan names, requested when they are delivered, because a token is valid for ten minutes. Other
 * names are files of the Secret that a classic CA keeps for the account. Throws `identity-secret-missing`.
 */
export function vmSecrets(kube: Kubernetes, owner: SecretOwner): SecretSource {
  return {
    secret: (name, signal) => {
      if (name === TOKEN_SECRET) return token(kube, { ...owner, ...ISTIO_CA }, signal);
      if (name === AGENT_TOKEN_SECRET) return token(kube, { ...owner, seconds: AGENT_TOKEN_SECONDS }, signal);
      return identityFile(kube, owner, { name, signal });
    },
  };
}

async function token(
  kube: Kubernetes,
  { namespace, serviceAccount, ...query }: TokenQuery,
  signal?: AbortSignal,
): Promise<string> {
  return (await kube.token({ namespace, serviceAccount, ...query }, signal)).token;
}

/** Secret istio.ACCOUNT of type istio.io/key-and-cert. */
async function identityFile(
  kube: Kubernetes,
  { namespace, serviceAccount }: SecretOwner,
  file: { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const name = `istio.${serviceAccount}`;
  const secret = await kube.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, file.signal);
  const encoded = text(mapping(secret?.['data'])[file.name]);
  if (encoded === undefined)
    throw registrationProblems.identitySecretMissing({ secret: `${namespace}/${name}`, key: file.name });
  return Buffer.from(encoded, 'base64').toString('utf8');
}
