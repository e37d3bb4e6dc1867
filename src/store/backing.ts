import type { Store } from './port.js';

/** What stands behind an open Database: a store, and what is to be known of it. */
export interface Backing {
  readonly store: Store;
  readonly dialect: string;
  /** The address, fit to be shown. */
  readonly shownUrl: string;
  /** Migrations that ran at this start. */
  readonly migrated: readonly string[];
  /** @throws GatewayError `dependency_unavailable` */
  pendingMigrations(): Promise<number>;
  serverVersion(): Promise<string>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}
