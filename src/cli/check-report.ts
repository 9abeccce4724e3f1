import { reportDocument } from '../checks/report/document.ts';
import { formatJunit } from '../checks/report/junit.ts';
import type { CheckReport } from '../checks/report/report.ts';
import { sarifDocument } from '../checks/report/sarif.ts';
import { formatShort, formatText } from '../checks/report/text.ts';
import { visibleJson } from '../visible.ts';
import { formatDocument } from './print.ts';

export const REPORT_FORMATS = ['text', 'short', 'json', 'yaml', 'sarif', 'junit'] as const;

/** A report of checks: lines for people, or one document. `showAll` is the command that shows all results of a check. */
export function formatReport(
  report: CheckReport,
  format: (typeof REPORT_FORMATS)[number],
  version: string,
  showAll?: (id: string) => string,
): string | readonly string[] {
  switch (format) {
    case 'text':
      return formatText(report, showAll);
    case 'short':
      return formatShort(report);
    case 'json':
    case 'yaml':
      return formatDocument(reportDocument(report), format);
    case 'sarif':
      return `${visibleJson(sarifDocument(report, version), 2)}\n`;
    case 'junit':
      return formatJunit(report);
  }
}
