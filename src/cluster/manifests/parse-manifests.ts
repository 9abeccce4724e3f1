import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { isTooDeep } from '../../mesh/yaml-depth.ts';

/** Objects of one file, and what is wrong with it: `FILE:LINE: reason`. */
export interface ParsedManifests {
  readonly objects: readonly KubeObject[];
  readonly issues: readonly string[];
}

/** More aliases than this are an attack: a few lines of YAML can stand for billions of nodes. */
const MAX_ALIASES = 100;

/**
 * The Kubernetes objects of a file of YAML or JSON, Lists taken apart. Documents that are no objects (values of charts,
 * kustomizations) are passed over; whatever does not parse is an issue with its line.
 */
export function parseManifests(content: string, file: string): ParsedManifests {
  if (file.endsWith('.json')) {
    const value = parseJson(content);
    if (value !== undefined) return ofJson(value, file);
  }
  if (isTooDeep(content)) return { objects: [], issues: [`${file}:1: it is nested too deeply`] };
  const lines = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return { objects: [], issues: [] };
  const parsed = documents.map((document) => parseDocument(document, file, lines));
  return { objects: parsed.flatMap((each) => each.objects), issues: parsed.flatMap((each) => each.issues) };
}

/** Lists within lists are gone through one call for each level. */
function ofJson(value: unknown, file: string): ParsedManifests {
  try {
    return { objects: objectsOf(value), issues: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { objects: [], issues: [`${file}:1: it is nested too deeply`] };
  }
}

/** JSON is read a hundred times faster than YAML; undefined leaves it to the YAML parser to say which line is wrong. */
function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function parseDocument(document: Document, file: string, lines: LineCounter): ParsedManifests {
  const issues = document.errors.slice(0, 3).map((error) => {
    return `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? ''}`;
  });
  if (issues.length > 0) return { objects: [], issues };
  try {
    return { objects: objectsOf(document.toJS({ maxAliasCount: MAX_ALIASES })), issues: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const line = lines.linePos(document.contents?.range?.[0] ?? 0).line;
    return { objects: [], issues: [`${file}:${line}: ${error.message}`] };
  }
}

function objectsOf(value: unknown): readonly KubeObject[] {
  const fields = mapping(value);
  const apiVersion = text(fields['apiVersion']);
  const kind = text(fields['kind']);
  if (apiVersion === undefined || kind === undefined) return [];
  if (kind.endsWith('List') && Array.isArray(fields['items'])) {
    // Items of a typed list (ServiceList) leave out what the list says.
    const defaults = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
    return list(fields['items']).flatMap((item) => objectsOf({ ...defaults, ...mapping(item) }));
  }
  const metadata = mapping(fields['metadata']);
  const name = text(metadata['name']);
  return name === undefined ? [] : [{ ...fields, apiVersion, kind, metadata: { ...metadata, name } }];
}
