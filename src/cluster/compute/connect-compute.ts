import type { ComputeEngine, ComputeOptions } from './compute-engine.ts';

/** Google Cloud with the operator's credentials. The package is loaded here: it costs a second. */
export async function connectCompute(options: ComputeOptions): Promise<ComputeEngine> {
  const { connectGoogle } = await import('./google-compute.ts');
  return connectGoogle(options);
}
