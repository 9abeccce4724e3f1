/** Programs that hold a published port for a container (docker, podman, rootless ones). */
export const PUBLISHERS = ['docker-proxy', 'conmon', 'rootlessport', 'rootlesskit', 'pasta', 'slirp4netns'] as const;
