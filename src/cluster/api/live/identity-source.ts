import type { Fields } from './kubeconfig-fields.ts';

/** What a request carries to say who sends it. */
export interface Identity {
  readonly authorization?: string;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** When to identify again, milliseconds since 1970. Absent: when the API server refuses it. */
  readonly until?: number;
}

export type IdentitySource = (signal: AbortSignal) => Promise<Identity>;

/** What the sources of an identity use. */
export interface IdentityContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For a plugin with provideClusterInfo. */
  readonly cluster: () => Promise<Fields>;
  /** Receives a plugin's messages for the operator: a device code, a page to open. */
  readonly say: (text: string) => void;
  /** How long a plugin may be silent. */
  readonly timeoutMs: number;
}
