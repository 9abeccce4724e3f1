/** Envoy's response flags as access logs show them, in words an operator can act on. */
const FLAGS: Readonly<Record<string, string>> = {
  DC: 'the client closed the connection',
  DF: 'the name of the upstream did not resolve',
  DI: 'delayed by fault injection',
  DPE: 'the client broke the HTTP protocol',
  DT: 'the request took longer than allowed',
  FI: 'aborted by fault injection',
  IH: 'refused for an invalid header',
  LH: 'the local service failed its health check',
  LR: 'the proxy reset the connection',
  NC: 'the cluster is not configured in the proxy',
  NFCF: 'a filter had no configuration',
  NR: 'no route or filter chain matches',
  OM: 'refused because the proxy is overloaded',
  RL: 'refused by a rate limit',
  RLSE: 'the rate limit service failed',
  SI: 'an idle stream was closed',
  UAEX: 'refused by the external authorization service',
  UC: 'the upstream closed the connection',
  UF: 'the connection to the upstream failed',
  UH: 'no healthy upstream',
  UMSDR: 'the upstream asked for too many requests',
  UO: 'a circuit breaker is open',
  UPE: 'the upstream broke the HTTP protocol',
  UR: 'the upstream reset the request',
  URX: 'retries are used up',
  UT: 'the upstream did not answer in time',
};

/** What a flag means; the flag itself when it is not known. */
export function explainFlag(flag: string): string {
  return FLAGS[flag] ?? flag;
}
