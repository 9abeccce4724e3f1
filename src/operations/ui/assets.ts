import { gzipSync } from 'node:zlib';
import { browserBundle } from '../../browser-bundle.ts';
import { textFile } from '../../text-files.ts';

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly text: string;
  readonly packed: Buffer;
}

/** The files of the page by their paths. None of them holds data. */
export function pageAssets(): ReadonlyMap<string, Asset> {
  return new Map([
    ['/', asset('text/html; charset=utf-8', textFile(new URL('./page/index.html', import.meta.url)))],
    ['/page.css', asset('text/css; charset=utf-8', textFile(new URL('./page/page.css', import.meta.url)))],
    ['/page.js', asset('text/javascript; charset=utf-8', browserBundle(new URL('./page/main.tsx', import.meta.url)))],
  ]);
}

function asset(type: string, text: string): Asset {
  return { type, text, packed: gzipSync(text, { level: 9 }) };
}
