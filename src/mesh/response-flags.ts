/** Envoy's response flags, in words: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage */
const FLAGS: Readonly<Record<string, string>> = {
  DC: 'the client closed the connection',
  DF: 'the name of the endpoint did not resolve',
  DI: 'the request was delayed by fault injection',
  DO: 'the request was dropped because Envoy or a load-balancing policy sheds load',
  DPE: 'the client sent a request that the protocol does not allow',
  DT: 'the request or the connection lasted longer than it may',
  FI: 'the request was aborted by fault injection',
  IH: 'the request was rejected for the value of a header',
  LH: 'the health check of the local service failed',
  LR: 'the connection was reset by this proxy',
  NC: 'the route leads to a cluster that this proxy does not have',
  NFCF: 'the configuration of a filter was missing',
  NR: 'no route matches the request, or no filter chain the connection',
  OM: 'the overload manager ended the request',
  RFCF: 'the rate limit service failed',
  RL: 'the request was rejected by a local rate limit',
  RLSE: 'the rate limit service answered with an error',
  SI: 'the stream was idle for too long',
  UAEX: 'an external authorization service refused the request',
  UC: 'the server closed the connection',
  UF: 'the connection to the server failed',
  UH: 'no endpoint of the service is healthy',
  UMSDR: 'the request lasted longer than the maximum duration of a stream',
  UO: 'a limit of the circuit breaker was reached',
  UPE: 'the server sent an answer that the protocol does not allow',
  UR: 'the server reset the request',
  URX: 'no retry or connection attempt is left',
  UT: 'the server did not answer in time',
};

/** `UH: no endpoint of the service is healthy`. */
export function explainFlag(flag: string): string {
  const meaning = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
  return `${flag}: ${meaning ?? 'a flag that meshx does not know'}`;
}
