import { formatBootstrap } from '../../envoy/bootstrap.ts';
import { formatCertificates } from '../../envoy/certificates.ts';
import { describeClusters, formatClusters } from '../../envoy/clusters.ts';
import { formatEndpoints } from '../../envoy/endpoints.ts';
import { formatListeners } from '../../envoy/listeners.ts';
import { describeTables } from '../../envoy/route-details.ts';
import { formatRoutes } from '../../envoy/routes.ts';
import { formatStats } from '../../envoy/stats.ts';
import type { ViewReport } from '../../operations/proxy/views.ts';

/** The view as lines for people. */
export function formatView(report: ViewReport, details: boolean): readonly string[] {
  switch (report.view) {
    case 'routes':
      return details ? describeTables(report.routes, report.missing) : formatRoutes(report.routes);
    case 'clusters':
      return details ? describeClusters(report.clusters, report.endpoints ?? []) : formatClusters(report.clusters);
    case 'listeners':
      return formatListeners(report.listeners);
    case 'endpoints':
      return formatEndpoints(report.endpoints);
    case 'bootstrap':
      return formatBootstrap(report.bootstrap);
    case 'certificates':
      return formatCertificates(report.certificates);
    case 'stats':
      return formatStats(report.stats);
    case 'log-level':
      return Object.entries(report.loggers).map(([logger, level]) => `${logger}: ${level}`);
  }
}

/** The same for programs. */
export function viewDocument({ view: _view, ...report }: ViewReport): object {
  return 'stats' in report ? { stats: Object.fromEntries(report.stats) } : report;
}
