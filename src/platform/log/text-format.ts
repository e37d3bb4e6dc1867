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
  const words = [
    text(entry['time']).slice(11, 23),
    text(entry['level']).toUpperCase().padEnd(5),
    text(entry['event']),
    text(entry['msg']),
    ...Object.entries(entry)
      .filter(([name]) => !PLACED.has(name))
      .map(([name, value]) => `${name}=${text(value)}`),
  ];
  const err = entry['err'] as { stack?: unknown; message?: unknown } | undefined;
  const trace = err === undefined ? '' : `${text(err.stack ?? err.message)}\n`;
  return `${words.filter((word) => word !== '').join(' ')}\n${trace}`;
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : spaced(value);
}

function spaced(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
