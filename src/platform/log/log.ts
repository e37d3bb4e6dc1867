import { pino } from 'pino';
import type { Config } from '../../config/config.js';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { redact } from './redact.js';
import { textDestination } from './text-format.js';

/**
 * The gateway's log; token for injection, class and interface merged. Events, not sentences:
 * `log.warn({ event: 'gateway.down', gateway })`; never arguments, results or secrets.
 */
export abstract class Log {}

export type LogWriter = pino.DestinationStream;

// The interface carries pino's methods to the token.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Log extends pino.Logger {}

/**
 * One JSON object per line: `time` (RFC 3339), `level` (name), `service`, `version`, then the fields
 * given. With LOG_FORMAT=text lines for people.
 * @param destination takes the lines; stdout unless given
 */
export function createLogger(config: Config, destination?: LogWriter): pino.Logger {
  const out = destination ?? pino.destination(1);
  return pino(
    {
      level: config.logLevel,
      base: { service: 'mcpgateway', version: PRODUCT_VERSION },
      timestamp: pino.stdTimeFunctions.isoTime,
      // `err` is made by `redact`; pino's own serializer would wrap it once more.
      serializers: { err: (value: unknown) => value },
      formatters: {
        level: (level) => ({ level }),
        log: redact,
        bindings: redact,
      },
    },
    config.logFormat === 'text' ? textDestination(out) : out,
  );
}
