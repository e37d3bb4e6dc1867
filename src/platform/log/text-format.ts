import type { LogWriter } from './log.js';

/** Fields that have a place of their own in a line, or say nothing to a person. */
const PLACED = new Set(['time', 'level', 'event', 'msg', 'err', 'service', 'version']);

/** Turns JSON log lines into lines for people. */
export function textDestination(out: LogWriter): LogWriter {
  return {
    write: (line) => {
      out.write(toText(line));
    },
  };
}

/** `12:03:04.567 WARN  gateway.down gateway=time failures=3`, then the stack of an error. */
export function toText(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const err = entry['err'] as { stack?: unknown; message?: unknown } | undefined;
  const words = [
    text(entry['time']).slice(11, 23),
    text(entry['level']).toUpperCase().padEnd(5),
    text(entry['event']),
    // The stack says it again.
    entry['msg'] === err?.message ? '' : text(entry['msg']),
    ...Object.entries(entry)
      .filter(([name]) => !PLACED.has(name))
      .map(([name, value]) => `${name}=${quoted(value)}`),
  ];
  const trace = err === undefined ? '' : `${text(err.stack ?? err.message)}\n`;
  return `${words.filter((word) => word !== '').join(' ')}\n${trace}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function quoted(value: unknown): string {
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
}
