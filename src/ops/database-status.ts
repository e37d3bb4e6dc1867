/** What health and version want to know of the database; the module binds it to the real one. */
export abstract class DatabaseStatus {
  /** @throws GatewayError `dependency_unavailable` */
  abstract probe(): Promise<{ dialect: string; latencyMs: number }>;
  /** @throws GatewayError `dependency_unavailable` */
  abstract pendingMigrations(): Promise<number>;
  /** Without user info. */
  abstract url(): string;
  abstract serverVersion(): Promise<string>;
}
