import type { Logger } from 'typeorm';

const nothing = (): undefined => undefined;

/** The ORM writes to the console, statements and values included; what matters reaches us as errors. */
export const SILENT_LOGGER: Logger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
