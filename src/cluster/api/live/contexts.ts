import { text } from '../../../mesh/unknown.ts';
import { Problem } from '../../../problems.ts';
import { type KubeconfigOptions, loadConfig } from './kubeconfig.ts';

/** The contexts of the operator's kubeconfig, without connecting to a cluster. */
export interface KubeContexts {
  /** Empty without one. */
  readonly current: string;
  /** In the order of the files, with the namespace that each names. */
  readonly contexts: readonly { readonly name: string; readonly namespace?: string }[];
}

/** Reads them; none where the kubeconfig is missing or cannot be used. The command that connects reports why. */
export function readContexts(options: Pick<KubeconfigOptions, 'kubeconfig' | 'env' | 'home'>): KubeContexts {
  try {
    const { contexts, currentContext } = loadConfig(options);
    return {
      current: currentContext,
      contexts: contexts.map(({ name, fields }) => {
        const namespace = text(fields['namespace']);
        return { name, ...(namespace && { namespace }) };
      }),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { current: '', contexts: [] };
  }
}
