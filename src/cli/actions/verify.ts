import { isVerified, type VerifyReport } from '../../checks/verify/report.ts';
import { formatYaml } from '../../mesh/yaml-text.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { scrapeJob } from '../../operations/verify/verify-telemetry.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatDocument } from '../print.ts';
import { formatVerification } from '../verify/format-report.ts';
import { verificationDocument } from '../verify/report-document.ts';
import { VERIFICATIONS } from '../verify/verifications.ts';
import { verifyOptions, type VerifyOptions } from '../verify/verify-options.ts';

/** `meshx verify [WHAT] [NAME]` */
export async function verify(call: Call): Promise<number> {
  const options = verifyOptions(call);
  if (options.printScrape) return await printScrape(call, options);
  const report = completed(call, await VERIFICATIONS[options.what](call.world, options));
  const { output } = options;
  call.terminal.out(
    output === 'text' ? formatVerification(report) : formatDocument(verificationDocument(report), output),
  );
  return isVerified(report) ? EXIT.done : EXIT.checkFailed;
}

async function printScrape({ world, terminal }: Call, { cluster, namespace, output }: VerifyOptions): Promise<number> {
  const opened = await openCluster(world, cluster, namespace);
  const job = await scrapeJob(opened.kube, opened.namespace, world.signal);
  terminal.out(output === 'json' ? formatDocument(job, 'json') : formatYaml(job));
  return EXIT.done;
}

/** Commands of meshx in hints repeat the given connection options. */
function completed({ terminal: { complete } }: Call, report: VerifyReport): VerifyReport {
  if (!complete) return report;
  const groups = report.groups.map((group) => ({
    ...group,
    results: group.results.map((result) =>
      result.hint === undefined ? result : { ...result, hint: complete(result.hint) },
    ),
  }));
  return { ...report, groups };
}
