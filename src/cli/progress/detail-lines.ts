import { Redactor } from '../../operations/bugreport/redact.ts';
import type { Span } from '../../world.ts';
import type { ProgressEvent } from './vm-state.ts';

/** What --verbose adds: when something starts, how long it took, and what scripts said, without secrets. */
export function detailLines(event: ProgressEvent): readonly string[] {
  switch (event.kind) {
    case 'doing':
      return [event.what === 'connect' ? '> Connect' : '> Inspect the VM'];
    case 'began':
      return [`> ${event.phase.title}`];
    case 'phase':
      return event.phase.ms > 0 ? [`< ${event.phase.title}: ${event.phase.ms} ms`] : [];
    case 'sent':
      return event.upload.ended ? [`  ${event.name}: ${event.upload.bytes} bytes sent`] : [];
    case 'heard':
      return event.text === ''
        ? []
        : withoutSecrets(event.text)
            .split('\n')
            .map((line) => `  ${event.name}: ${line}`);
    case 'waited':
      return event.ms < 1 ? [] : [`  waited ${Math.round(event.ms)} ms for ${event.name}`];
    case 'waits':
      return [];
  }
}

/** What --debug adds: one thing that was sent and answered, without its input and output, and without secrets. */
export function wireLine({ kind, name, where, ms, sent, received, exitCode, words = [] }: Span): string {
  const ended = kind !== 'command' ? [] : [exitCode === undefined ? 'no exit code' : `exit code ${exitCode}`];
  const bytes = [...counted(sent, 'sent'), ...counted(received, 'received')];
  const facts = [...ended, `${Math.round(ms)} ms`, ...bytes].join(', ');
  const line = words.length === 0 ? '' : ` | ${withoutSecrets(words.map(shortened).join(' '))}`;
  return `debug: ${where}: ${kind} ${name}: ${facts}${line}`;
}

function counted(bytes: number | undefined, what: string): readonly string[] {
  return bytes === undefined ? [] : [`${bytes} bytes ${what}`];
}

/** Characters of an argument that are shown; some are whole documents. */
const MOST = 120;

function shortened(word: string): string {
  const [first = '', ...more] = word.split('\n');
  return more.length > 0 || first.length > MOST ? `${first.slice(0, MOST)}…` : first;
}

function withoutSecrets(text: string): string {
  return new Redactor().text(text);
}
