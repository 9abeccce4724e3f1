import type { Upload } from '../../reconcile/upload.ts';

/** A time for people, from milliseconds: `7 s`, `2 min 7 s`. */
export function shownTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How far an upload is, in decimal units: `12.3 of 45.0 MB`, `0.4 MB`. */
export function shownUpload({ bytes, total }: Omit<Upload, 'ended'>): string {
  const megabytes = (count: number): string => (count / 1e6).toFixed(1);
  return total === undefined ? `${megabytes(bytes)} MB` : `${megabytes(bytes)} of ${megabytes(total)} MB`;
}
