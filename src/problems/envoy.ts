import { known } from '../problems.ts';

/** Problems of Envoy's admin interface and of texts that come from it. */
export const envoyProblems = {
  unreadable: known('envoy-unreadable', (d: { from: string; reason: string }) => ({
    message: `${d.from} cannot be read: ${d.reason}.`,
    hint: "Save it again on the VM: curl -s 'http://127.0.0.1:15000/config_dump?include_eds' (for endpoints: /clusters?format=json)",
  })),
  silent: known('envoy-silent', (d: { vm: string; page: string; said: string }) => ({
    message: `${d.vm}: Envoy's admin interface (127.0.0.1:15000) did not answer ${d.page}${d.said ? `: ${d.said}` : ''}.`,
    hint: `Check whether the sidecar runs: meshx capture ${d.vm} status; on the VM: systemctl status istio; tail /var/log/istio/istio.err.log`,
  })),
  loggerUnknown: known('logger-unknown', (d: { vm: string; loggers: readonly string[]; known: readonly string[] }) => ({
    message: `${d.vm}: Envoy has no logger ${d.loggers.join(', ')}. It has: ${d.known.join(', ')}.`,
    hint: `List them with their levels: meshx proxy ${d.vm} log-level`,
  })),
  tooBig: known('envoy-answer-too-big', (d: { vm: string; page: string; mib: number }) => ({
    message: `${d.vm}: Envoy's answer to ${d.page} is larger than ${d.mib} MiB.`,
    hint: 'Limit what the sidecar is sent with a Sidecar resource, or copy the dump and read it with --file',
  })),
};
