import type { LoggerService } from '@nestjs/common';
import type { Log } from './platform/log/log.js';

/** What the framework says of itself goes into the one log, its routine at `debug`. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...more: unknown[]): void {
    this.target.debug(this.event(more), String(message));
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.target.warn(this.event(more), String(message));
  }

  error(message: unknown, ...more: unknown[]): void {
    const err = message instanceof Error ? message : undefined;
    this.target.error(
      { ...this.event(more), ...(err === undefined ? {} : { err }) },
      String(message),
    );
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.error(message, ...more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.log(message, ...more);
  }

  /** Nest gives its context last. */
  private event(more: readonly unknown[]): { event: string; logger: string } {
    const context = more.at(-1);
    return { event: 'nest', logger: typeof context === 'string' ? context : 'nest' };
  }
}
