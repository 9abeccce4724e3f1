import { generateClusterEnv as filesOf } from '../../operations/generate/cluster-env.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { workloadOptions } from '../workload-input.ts';
import { deliver, GENERATOR_FORMATS, installCommand } from './generated-files.ts';

/** `meshx generate-cluster-env [CLUSTER]` */
export async function generateClusterEnv(call: Call): Promise<void> {
  const input = new Input('generate-cluster-env', call);
  const options = {
    ...{ cluster: clusterOptions(input), workload: workloadOptions(input) },
    ...{ provided: call.args[0] ?? input.text('cluster'), token: input.flag('token') },
  };
  input.choice('output', GENERATOR_FORMATS);
  input.accept();
  refuseForeignVariables(call.world.env);

  const files = await filesOf(call.world, options);
  await deliver(
    input,
    files.map((file) => ({ ...file, install: installCommand(file) })),
  );
}
