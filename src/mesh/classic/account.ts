/** By this annotation Pilot learns which identity a client must expect behind the service. */
export const ACCOUNT_ANNOTATION = 'alpha.istio.io/kubernetes-serviceaccounts';
