import { parseServiceFile, type ServiceDefinition } from './service-file.ts';

/** `parseServiceFile` that parses a text once: a full pass finds most files as they were, and an interpreter takes milliseconds for each. */
export function parseOnce(): typeof parseServiceFile {
  const known = new Map<string, { readonly text: string; readonly definition: ServiceDefinition }>();
  return (file, text) => {
    const last = known.get(file);
    if (last?.text === text) return last.definition;
    const definition = parseServiceFile(file, text);
    known.set(file, { text, definition });
    return definition;
  };
}
