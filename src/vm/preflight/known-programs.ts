/** Names of executables that share a machine with a sidecar badly, or are an older one. */
const NEIGHBOURS = [
  ...['envoy', 'pilot-agent', 'node_agent', 'istio-agent'],
  ...['kubelet', 'kube-proxy', 'k3s', 'k0s', 'rke2'],
  ...['unbound', 'named', 'dnsmasq', 'pdns_recursor', 'nscd'],
] as const;

/** Programs that hold a published port for a container (docker, podman, rootless ones). */
export const PUBLISHERS = ['docker-proxy', 'conmon', 'rootlessport', 'rootlesskit', 'pasta', 'slirp4netns'] as const;

/** Executables whose processes the preflight looks for. */
export const KNOWN_PROGRAMS = [...NEIGHBOURS, ...PUBLISHERS] as const;
