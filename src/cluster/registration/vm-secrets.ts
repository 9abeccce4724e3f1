import type { Kubernetes } from '../api/kubernetes.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { registrationProblems } from '../../problems/registration.ts';

/** Name of the token in plans of a current mesh. */
export const TOKEN_SECRET = 'istio-token';

/** istiod accepts this audience. 600 seconds is the API server's minimum. */
const ISTIO_CA = { audience: 'istio-ca', seconds: 600 } as const;

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
    secret: (name, signal) =>
      name === TOKEN_SECRET ? token(kube, owner, signal) : identityFile(kube, owner, { name, signal }),
  };
}

async function token(
  kube: Kubernetes,
  { namespace, serviceAccount }: SecretOwner,
  signal?: AbortSignal,
): Promise<string> {
  return (await kube.token({ namespace, serviceAccount, ...ISTIO_CA }, signal)).token;
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
