type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the environment that hold a secret of the operator's. */
export const SECRET_VARIABLES = ['MESHX_SUDO_PASSWORD', 'MESHX_KEY_PASSPHRASE'] as const;

/**
 * The environment for the layers below the commands: they hand it to foreign programs (ssh, ProxyCommand, exec plugins of a
 * kubeconfig), which could log it.
 */
export function withoutSecrets(env: Environment): Environment {
  const secrets: readonly string[] = SECRET_VARIABLES;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secrets.includes(name)));
}
