import { pino } from 'pino';
import type { Config } from '../../config/config.js';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { redact, scrub } from './redact.js';
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
  const logger = pino(
    {
      level: config.logLevel,
      base: { service: 'mcpgateway', version: PRODUCT_VERSION },
      timestamp: pino.stdTimeFunctions.isoTime,
      // `err` is made by `redact`; pino's own serializer would wrap it once more.
      serializers: { err: (value: unknown) => value },
      formatters: { level: (level) => ({ level }), log: redact },
      hooks: {
        logMethod(args, method) {
          method.apply(this, scrubMessage(args));
        },
      },
    },
    config.logFormat === 'text' ? textDestination(out) : out,
  );
  redactChildren(logger);
  return logger;
}

type Child = (this: pino.Logger, bindings: object, options?: unknown) => pino.Logger;
type LogArgs = Parameters<pino.LogFn>;

/** pino writes sentences as they are, and takes an error's message for one where none is given. */
function scrubMessage(args: LogArgs): LogArgs {
  const [entry, message, ...rest] = args as unknown[];
  if (typeof entry === 'string') return [scrub(entry), ...(args as unknown[]).slice(1)] as LogArgs;
  const error: unknown = entry instanceof Error ? entry : (entry as { err?: unknown } | null)?.err;
  const text = message ?? (error instanceof Error ? error.message : undefined);
  return [entry, typeof text === 'string' ? scrub(text) : text, ...rest] as LogArgs;
}

/** Fields bound to a child do not pass pino's formatters. Children inherit this from the root. */
function redactChildren(logger: pino.Logger): void {
  const inherited: unknown = Reflect.get(logger, 'child');
  const child = function (this: pino.Logger, bindings: object, options?: unknown): pino.Logger {
    return (inherited as Child).call(this, redact(bindings), options);
  };
  Object.assign(logger, { child });
}
