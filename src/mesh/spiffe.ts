/** The identity in a workload's certificate: spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT. */
export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** The form of `principals` in AuthorizationPolicy: the identity without its scheme. */
export function principal(trustDomain: string, namespace: string, serviceAccount: string): string {
  return spiffeId(trustDomain, namespace, serviceAccount).slice('spiffe://'.length);
}

/** The parts of an Istio identity. */
export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Reads an identity; undefined for any other form than Istio's. */
export function parseSpiffeId(text: string): Identity | undefined {
  const [, trustDomain, namespace, serviceAccount] =
    /^spiffe:\/\/([^/\s]+)\/ns\/([^/\s]+)\/sa\/([^/\s]+)$/.exec(text) ?? [];
  return trustDomain && namespace && serviceAccount ? { trustDomain, namespace, serviceAccount } : undefined;
}
