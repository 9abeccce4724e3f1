import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { Input } from '../input.ts';
import { conclude } from '../conclude.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS, speaker } from '../print.ts';
import { formatRollbackEnd, goBack } from '../rollback/go-back.ts';
import { present } from '../../present.ts';

/** `meshx rollback VM` */
export async function rollback(call: Call): Promise<number> {
  const { terminal, args } = call;
  const input = new Input('rollback', call);
  const [vm = ''] = args;
  const words = {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    restart: restartOptions(input),
    within: confirmWithin(input),
    dryRun: input.flag('dryRun'),
    typed: present({
      namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
      group: input.parsed('workloadGroup', (text) => parseName(text, 'group')),
      address: input.parsed('vmAddress', parseIp),
    }),
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const say = speaker(terminal, words.dryRun && output === 'text');
  const again = typedLine('rollback', call, vm);
  const report = await goBack({ input, vm, words, say, again, command: commandWords('rollback', call, vm) });
  return conclude({ terminal, output, exitCode: input.flag('exitCode'), end: formatRollbackEnd }, [report]);
}
