import type { Fields } from './kubeconfig-fields.ts';

/** What a request carries to say who sends it. */
export interface Identity {
  readonly authorization?: string;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** When it has to be asked for again, milliseconds since 1970; it stays until it is refused when absent. */
  readonly until?: number;
}

export type IdentitySource = (signal: AbortSignal) => Promise<Identity>;

/** What the ways to an identity may know and use. */
export interface IdentityContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a plugin may know of the cluster, when it asks for it (provideClusterInfo). */
  readonly cluster: () => Promise<Fields>;
  /** Hears what a plugin tells the operator: a device code, a page to open. */
  readonly say: (text: string) => void;
  /** How long a plugin may be silent. */
  readonly timeoutMs: number;
}
