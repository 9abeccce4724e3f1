import type { Resource, Step } from '../../reconcile/resource.ts';

/** Every file of the steps with its place, owner, mode and content, for people who put the parts into other tools. */
export function formatFiles(steps: readonly Step[]): string {
  return steps.flatMap(({ id, title, wants }) => [`## ${id}: ${title}`, ...wants.map(formatWant), '']).join('\n');
}

function formatWant(want: Resource): string {
  switch (want.kind) {
    case 'file':
      return `--- ${want.path} (${want.owner} ${want.mode})\n${want.content.trimEnd()}`;
    case 'env':
      return `--- ${want.path} (${want.owner} ${want.mode}), these keys\n${Object.entries(want.set)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n')}`;
    case 'kept-file':
      return `--- ${want.path} (${want.owner} ${want.mode}), where it is there`;
    case 'token':
      return `--- ${want.path} (${want.owner} ${want.mode}), a secret: ${want.secret}`;
    case 'directory':
      return `--- ${want.path}/ (${want.owner} ${want.mode})`;
    case 'package':
      return `--- package ${want.name} ${want.version} (${want.format}, ${want.architecture})`;
    case 'unit':
      return `--- unit ${want.name} runs`;
    case 'enabled':
      return `--- unit ${want.name} starts at boot`;
    case 'user':
      return `--- user ${want.name}`;
    case 'hosts':
    case 'line':
      return `--- ${JSON.stringify(want)}`;
  }
}
